'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const words = {
  en: {
    play: 'Play', pause: 'Pause', back: 'One picture back', forward: 'One picture forward', speed: 'Speed', skip: 'Skip what nobody recorded',
    facts: 'About this export', other: '中文', by: 'Exported by', at: 'Exported at', site: 'Site', zone: 'Time zone', key: 'Key of the site', cameras: 'Cameras',
    none: 'Not recorded', nothing: 'Nothing was recorded', broken: 'This video cannot be played here.', copy: 'Transcoded, not original', copies: 'Not original',
    burnt: (video) => `${video.file}: the pictures were coded anew from ${video.transcoded.original_codec.toUpperCase()} to burn in date, time and the camera’s name${video.transcoded.watermark ? `, with the watermark “${video.transcoded.watermark}”` : ''}`,
    verify: 'This page shows the videos and proves nothing. “watchwall verify” with this folder says whether anything was changed.',
    reason: { camera_offline: 'the camera was offline', network: 'the network or the camera sent too little', disk: 'the disk was full or failed', planned_off: 'no recording was planned', us: 'the recorder was stopped', unknown: 'the reason is unknown' },
  },
  zh: {
    play: '播放', pause: '暂停', back: '后退一帧', forward: '前进一帧', speed: '速度', skip: '跳过无录像的时段',
    facts: '关于此导出', other: 'English', by: '导出人', at: '导出时间', site: '站点', zone: '时区', key: '站点密钥', cameras: '摄像机',
    none: '无录像', nothing: '没有任何录像', broken: '此处无法播放该视频。', copy: '已转码，非原始画面', copies: '非原始画面',
    burnt: (video) => `${video.file}：画面由 ${video.transcoded.original_codec.toUpperCase()} 重新编码，以叠加日期、时间和摄像机名称${video.transcoded.watermark ? `，并带有水印“${video.transcoded.watermark}”` : ''}`,
    verify: '本页面仅用于观看，不能作为证明。请对此文件夹运行“watchwall verify”，以确认内容未被更改。',
    reason: { camera_offline: '摄像机离线', network: '网络或摄像机数据不足', disk: '磁盘已满或故障', planned_off: '未计划录像', us: '录像服务已停止', unknown: '原因不明' },
  },
};
let language = data.language || (navigator.language.startsWith('zh') ? 'zh' : 'en');
const by = (id) => document.getElementById(id);
const say = (key) => words[language][key];

const tiles = data.recordings.map((recording) => {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.textContent = recording.camera;
  const gap = document.createElement('div');
  gap.className = 'gap';
  const pieces = [];
  for (const video of recording.videos) {
    const player = document.createElement('video');
    player.src = encodeURIComponent(video.file);
    player.preload = 'auto';
    player.muted = true;
    player.playsInline = true;
    player.addEventListener('error', () => { player.failed = true; });
    figure.append(player);
    for (const piece of video.pieces) pieces.push({ from: piece.from, to: piece.to, at: piece.at_ms, player });
  }
  const copy = recording.videos.some((video) => video.transcoded) ? document.createElement('span') : null;
  if (copy) {
    copy.className = 'copy';
    caption.append(' ', copy);
  }
  figure.append(gap, caption);
  figure.addEventListener('dblclick', () => (document.fullscreenElement ? document.exitFullscreen() : figure.requestFullscreen()));
  by('tiles').append(figure);
  return { recording, gap, copy, pieces, current: null };
});
const columns = Math.ceil(Math.sqrt(tiles.length)) || 1;
by('tiles').style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
by('tiles').style.gridAutoRows = 'minmax(0, 1fr)';

const every = tiles.flatMap((tile) => tile.pieces);
const asked = data.recordings.map((recording) => recording.asked);
const begin = Math.min(...asked.map((span) => span.from), ...every.map((piece) => piece.from));
const end = Math.max(...asked.map((span) => span.to), ...every.map((piece) => piece.to));
// One clock for all: where it stands, and since when it runs.
const clock = { at: Math.min(...asked.map((span) => span.from)), running: false, speed: 1, since: 0 };
const frameMs = 40;
// A picture may be this far from the clock before its video is moved.
const nearMs = 25;
const farMs = 400;

const pieceAt = (tile, at) => tile.pieces.find((piece) => piece.from <= at && at < piece.to);
const clampTime = (at) => Math.min(Math.max(at, begin), end);

function tick(now) {
  if (clock.running) {
    // Nobody goes on while one of them is not there yet.
    if (tiles.some((tile) => tile.current && isLate(tile.current.player))) clock.since = now;
    clock.at = clampTime(clock.at + (now - clock.since) * clock.speed);
    clock.since = now;
    if (by('skip').checked && !tiles.some((tile) => pieceAt(tile, clock.at))) {
      const next = every.filter((piece) => piece.from > clock.at).map((piece) => piece.from);
      if (next.length) clock.at = Math.min(...next);
      else stop();
    }
    if (clock.at >= end) stop();
  }
  for (const tile of tiles) follow(tile);
  by('now').textContent = format(clock.at);
  if (document.activeElement !== by('seek') || clock.running) by('seek').value = String(clock.at - begin);
  by('seek').setAttribute('aria-valuetext', format(clock.at));
  requestAnimationFrame(tick);
}

const isLate = (player) => !player.failed && (player.seeking || player.readyState < 3) && !player.ended;

function follow(tile) {
  const piece = pieceAt(tile, clock.at);
  if (tile.current && tile.current.player !== piece?.player) {
    tile.current.player.pause();
    tile.current.player.classList.remove('on');
  }
  tile.current = piece ?? null;
  const failed = piece?.player.failed;
  tile.gap.classList.toggle('on', !piece || Boolean(failed));
  if (!piece || failed) {
    const gap = tile.recording.gaps.find((gap) => gap.from <= clock.at && clock.at < gap.to);
    tile.gap.textContent = failed ? say('broken') : !tile.pieces.length ? say('nothing') : gap ? `${say('none')}: ${say('reason')[gap.reason] ?? gap.reason}` : say('none');
    return;
  }
  const player = piece.player;
  player.classList.add('on');
  const wanted = clock.at - piece.from + piece.at;
  const off = wanted - player.currentTime * 1000;
  if (!clock.running) {
    if (!player.paused) player.pause();
    if (Math.abs(off) > nearMs && !player.seeking) player.currentTime = wanted / 1000;
    return;
  }
  if (Math.abs(off) > farMs && !player.seeking) player.currentTime = wanted / 1000;
  // Small differences are caught up with unseen.
  const nudge = Math.abs(off) > nearMs ? Math.sign(off) * 0.08 : 0;
  const rate = clock.speed * (1 + nudge);
  if (player.playbackRate !== rate) player.playbackRate = rate;
  if (player.paused && !player.ended) player.play().catch(() => {});
}

function start() { if (clock.at >= end) clock.at = begin; clock.running = true; clock.since = performance.now(); label(); }
function stop() { clock.running = false; label(); }
function go(at) { clock.at = clampTime(at); }

function format(at) {
  const options = { timeZone: data.time_zone || undefined, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  let text;
  try { text = new Intl.DateTimeFormat('sv-SE', options).format(at); } catch { text = new Date(at).toISOString().slice(0, 19).replace('T', ' '); }
  return `${text}.${String(Math.floor(at) % 1000).padStart(3, '0')}`;
}

function label() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  by('language').textContent = say('other');
  by('play').textContent = clock.running ? say('pause') : say('play');
  for (const [id, mark] of [['back', '◂|'], ['forward', '|▸']]) { by(id).textContent = mark; by(id).title = say(id); by(id).setAttribute('aria-label', say(id)); }
  by('speed-name').textContent = say('speed');
  by('skip-name').textContent = say('skip');
  by('facts-name').textContent = say('facts');
  by('verify').textContent = say('verify');
  by('seek').setAttribute('aria-label', data.name);
  by('facts').replaceChildren();
  const facts = [['by', data.exported_by], ['at', format(data.made_at)], ['site', data.site], ['zone', data.time_zone], ['key', data.key_fingerprint],
    ['cameras', data.recordings.map((recording) => `${recording.camera} (${recording.path})`).join(', ')]];
  const burnt = data.recordings.flatMap((recording) => recording.videos.filter((video) => video.transcoded));
  if (burnt.length) facts.push(['copies', burnt.map((video) => say('burnt')(video)).join('; ')]);
  for (const tile of tiles) if (tile.copy) tile.copy.textContent = say('copy');
  for (const [key, value] of facts) {
    const term = document.createElement('dt'); term.textContent = say(key);
    const text = document.createElement('dd'); text.textContent = value;
    by('facts').append(term, text);
  }
}

function draw() {
  const canvas = by('bars');
  const row = 8;
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.style.height = `${tiles.length * row}px`;
  canvas.width = width * ratio;
  canvas.height = tiles.length * row * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  tiles.forEach((tile, index) => {
    pen.fillStyle = '#5c4a2a';
    pen.fillRect(0, index * row + 1, width, row - 2);
    pen.fillStyle = '#4aa3ff';
    for (const piece of tile.pieces) {
      const left = ((piece.from - begin) / (end - begin)) * width;
      pen.fillRect(left, index * row + 1, Math.max(1, ((piece.to - piece.from) / (end - begin)) * width), row - 2);
    }
  });
}

by('name').textContent = data.name;
by('note').textContent = data.note;
document.title = data.name;
by('seek').max = String(end - begin);
by('seek').addEventListener('input', (event) => go(begin + Number(event.target.value)));
by('play').addEventListener('click', () => (clock.running ? stop() : start()));
by('back').addEventListener('click', () => { stop(); go(clock.at - frameMs); });
by('forward').addEventListener('click', () => { stop(); go(clock.at + frameMs); });
by('speed').addEventListener('change', (event) => { clock.speed = Number(event.target.value); });
by('language').addEventListener('click', () => { language = language === 'zh' ? 'en' : 'zh'; label(); });
addEventListener('resize', draw);
addEventListener('keydown', (event) => {
  if (event.target.matches('select, input[type=checkbox], summary, button')) return;
  if (event.key === ' ') { event.preventDefault(); if (clock.running) stop(); else start(); }
  if (event.key === ',') { stop(); go(clock.at - frameMs); }
  if (event.key === '.') { stop(); go(clock.at + frameMs); }
});
label();
draw();
requestAnimationFrame(tick);
