//! A browser driven over WebDriver (W3C), and a page server for it. Loopback only.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A child process with all its own children, stopped when this goes.
pub struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> std::io::Result<Self> {
        command.process_group(0).spawn().map(Self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && matches!(self.0.try_wait(), Ok(None)) {
            thread::yield_now();
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// Content type and body by path.
type Answers = Arc<Mutex<HashMap<String, (&'static str, Vec<u8>)>>>;

/// Serves fixed answers by path.
pub struct Pages {
    pub address: String,
    answers: Answers,
}

impl Pages {
    pub fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers: Answers = Arc::default();
        let shared = Arc::clone(&answers);
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { address, answers }
    }

    pub fn put(&self, path: &str, kind: &'static str, body: Vec<u8>) {
        self.answers.lock().unwrap().insert(path.to_owned(), (kind, body));
    }
}

fn answer(mut stream: TcpStream, answers: &Mutex<HashMap<String, (&'static str, Vec<u8>)>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let (status, kind, body) = match answers.lock().unwrap().get(&path) {
        Some((kind, body)) => ("200 OK", *kind, body.clone()),
        None => ("404 Not Found", "text/plain", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// A browser window.
pub struct Browser {
    pub name: &'static str,
    port: u16,
    session: String,
    _processes: Vec<Running>,
}

impl Browser {
    /// # Errors
    /// Why there is none on this machine.
    pub fn chromium() -> Result<Self, String> {
        let port = free_port();
        let driver = start("chromedriver", &[&format!("--port={port}")], &[])?;
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
        ];
        let wanted = json!({"browserName": "chrome", "goog:chromeOptions": {"args": arguments}});
        Self::open("Chromium", port, wanted, vec![driver])
    }

    /// # Errors
    /// Why there is none on this machine.
    pub fn webkit() -> Result<Self, String> {
        let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib"];
        let browser = folders
            .iter()
            .map(|folder| format!("{folder}/webkit2gtk-4.1/MiniBrowser"))
            .find(|file| Path::new(file).exists());
        let browser = browser.ok_or("WebKitGTK's MiniBrowser is not installed")?;
        let mut screen = Running::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )
        .map_err(|e| format!("Xvfb: {e}"))?;
        let mut number = String::new();
        BufReader::new(screen.0.stdout.take().unwrap()).read_line(&mut number).map_err(|e| e.to_string())?;
        let display = format!(":{}", number.trim());
        let port = free_port();
        let environment = [("DISPLAY", display.as_str()), ("GDK_BACKEND", "x11"), ("LIBGL_ALWAYS_SOFTWARE", "1")];
        let driver = start("WebKitWebDriver", &[&format!("--port={port}")], &environment)?;
        let wanted = json!({"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}});
        Self::open("WebKitGTK", port, wanted, vec![driver, screen])
    }

    fn open(name: &'static str, port: u16, wanted: Value, processes: Vec<Running>) -> Result<Self, String> {
        let until = Instant::now() + Duration::from_secs(15);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err(format!("the driver of {name} does not answer"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        let answer = call(port, "POST", "/session", &json!({"capabilities": {"alwaysMatch": wanted}}))?;
        let session = answer["sessionId"].as_str().ok_or_else(|| format!("{name}: {answer}"))?.to_owned();
        let browser = Self { name, port, session, _processes: processes };
        browser.command("timeouts", &json!({"script": 50_000}))?;
        Ok(browser)
    }

    pub fn visit(&self, address: &str) -> Result<(), String> {
        self.command("url", &json!({"url": address})).map(drop)
    }

    /// Runs a script that calls its last argument with the result.
    pub fn run(&self, script: &str, arguments: Value) -> Result<Value, String> {
        self.command("execute/async", &json!({"script": script, "args": arguments}))
    }

    fn command(&self, command: &str, body: &Value) -> Result<Value, String> {
        call(self.port, "POST", &format!("/session/{}/{command}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = call(self.port, "DELETE", &format!("/session/{}", self.session), &json!({}));
    }
}

fn start(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Running, String> {
    let mut command = Command::new(program);
    command.args(arguments).envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
    Running::start(&mut command).map_err(|e| format!("{program}: {e}"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn call(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(|e| e.to_string())?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).map_err(|e| e.to_string())? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut answer = vec![0; length];
    reader.read_exact(&mut answer).map_err(|e| e.to_string())?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|e| e.to_string())?;
    match answer["value"]["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
        None => Ok(answer["value"].clone()),
    }
}
