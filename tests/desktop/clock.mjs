// Reads the clock that virtual cameras burn into the top-left corner of a picture; see the simulator's `clock_pattern`.

// Runs in the page: the clock of the picture inside `element`, in UTC milliseconds modulo 2^32, or null.
export const readClock = `
  function readClock(element) {
    const picture = element?.matches('video, canvas, img') ? element : element?.querySelector('video, canvas, img');
    const width = picture?.videoWidth ?? picture?.naturalWidth ?? picture?.width ?? 0;
    if (width < 160) return null;
    const block = width >= 640 ? 16 : 8;
    const columns = width >= 320 ? 40 : 20;
    const copy = document.createElement('canvas');
    copy.width = block * columns;
    copy.height = block * (40 / columns);
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(picture, 0, 0, copy.width, copy.height, 0, 0, copy.width, copy.height);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    const bits = [];
    for (let bit = 0; bit < 40; bit += 1) {
      const left = (bit % columns) * block + block / 4;
      const top = Math.floor(bit / columns) * block + block / 4;
      let sum = 0;
      for (let y = 0; y < block / 2; y += 1)
        for (let x = 0; x < block / 2; x += 1) sum += data[((top + y) * copy.width + left + x) * 4 + 1];
      bits.push(sum / (block * block / 4) > 128 ? 1 : 0);
    }
    let gray = 0;
    for (const bit of bits.slice(0, 32)) gray = ((gray << 1) | bit) >>> 0;
    let value = gray;
    for (let shift = 1; shift < 32; shift *= 2) value = (value ^ (value >>> shift)) >>> 0;
    let crc = 0;
    for (const shift of [24, 16, 8, 0]) {
      crc ^= (value >>> shift) & 0xff;
      for (let i = 0; i < 8; i += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
    }
    const sent = bits.slice(32).reduce((all, bit) => (all << 1) | bit, 0);
    // A dark strip without a clock reads as 0, which no camera draws.
    return crc === sent && value !== 0 ? value : null;
  }
`;

// Milliseconds from clock value `value` to moment `at`; negative when the clock is ahead.
export function behind(value, at) {
  const difference = (at - value) % 2 ** 32;
  const wrapped = (difference + 2 ** 32) % 2 ** 32;
  return wrapped > 2 ** 31 ? wrapped - 2 ** 32 : wrapped;
}
