//! `consort watch`: a run while it is made, as a page on this machine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;

use super::evaluate_run::is_run;
use crate::{
    args::Watch,
    failure::{Failure, Result},
    training::RunState,
};

/// How long a reader may take to ask, and the most that it may say.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_ASKED: u64 = 16 * 1024;

pub(crate) fn run(args: &Watch) -> Result<()> {
    let run = &args.run;
    if !run.is_dir() || !is_run(&run.display().to_string()) {
        return Err(Failure::usage(format!(
            "{}: it is no run: give the folder that `consort fit -o` made",
            run.display()
        )));
    }
    // The plan is read once: it never changes.
    let state = RunState::open(run)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        Failure::usage(format!("port {} of this machine cannot be listened on: {error}", args.port))
    })?;
    let port = listener.local_addr().map_err(|error| Failure::usage(format!("the port is not known: {error}")))?.port();
    let address = format!("http://127.0.0.1:{port}/");
    let told = if args.json {
        json!({ "command": "watch", "run": run.display().to_string(), "address": address }).to_string()
    } else {
        format!("{} is to be seen at {address} until Ctrl-C", run.display())
    };
    let mut out = std::io::stdout().lock();
    // Whoever started the program may read the address from a pipe, and need nothing more.
    let _ = writeln!(out, "{told}").and_then(|()| out.flush());
    drop(out);
    let shared = Arc::new(Shared { state, port, last: Mutex::new(None) });
    for stream in listener.incoming().flatten() {
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || {
            // A reader that hangs up is no matter.
            let _ = answer(stream, &shared);
        });
    }
    Ok(())
}

struct Shared {
    state: RunState,
    port: u16,
    /// The last page that could be made, for when the run cannot be read just now.
    last: Mutex<Option<String>>,
}

/// Answers one question.
fn answer(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(asked) = Asked::read(&stream)? else {
        return send(&mut stream, "400 Bad Request", "text/plain", b"that is no question in HTTP\n");
    };
    // A page elsewhere that calls this machine by another name gets nothing.
    if ![format!("127.0.0.1:{}", shared.port), format!("localhost:{}", shared.port)].contains(&asked.host) {
        return send(&mut stream, "403 Forbidden", "text/plain", b"this is for this machine only\n");
    }
    if asked.method != "GET" {
        return send(&mut stream, "405 Method Not Allowed", "text/plain", b"there is nothing here but to look at\n");
    }
    match asked.path.as_str() {
        "/" => match page(shared) {
            Ok(html) => send(&mut stream, "200 OK", "text/html; charset=utf-8", html.as_bytes()),
            Err(failure) => {
                let text = format!("the run cannot be read just now: {failure}\n");
                send(&mut stream, "503 Service Unavailable", "text/plain; charset=utf-8", text.as_bytes())
            }
        },
        "/report" => match std::fs::read(shared.state.report()) {
            Ok(html) => send(&mut stream, "200 OK", "text/html; charset=utf-8", &html),
            Err(_) => send(&mut stream, "404 Not Found", "text/plain", b"the run has no report yet\n"),
        },
        "/favicon.ico" => send(&mut stream, "204 No Content", "image/x-icon", b""),
        _ => send(&mut stream, "404 Not Found", "text/plain", b"there is no such page\n"),
    }
}

/// The page as it is now; the last one where the run cannot be read.
fn page(shared: &Shared) -> Result<String> {
    let mut last = shared.last.lock().unwrap_or_else(PoisonError::into_inner);
    match shared.state.page().and_then(|report| Ok(report.to_html()?)) {
        Ok(html) => {
            *last = Some(html.clone());
            Ok(html)
        }
        Err(failure) => last.clone().ok_or(failure),
    }
}

/// The first line of a question, and whom it was put to.
struct Asked {
    method: String,
    path: String,
    host: String,
}

impl Asked {
    fn read(stream: &TcpStream) -> std::io::Result<Option<Self>> {
        let mut lines = BufReader::new(stream.take(MOST_ASKED)).lines();
        let Some(first) = lines.next().transpose()? else { return Ok(None) };
        let mut words = first.split_whitespace();
        let (Some(method), Some(path), Some(version)) = (words.next(), words.next(), words.next()) else {
            return Ok(None);
        };
        if !version.starts_with("HTTP/1.") {
            return Ok(None);
        }
        let mut host = String::new();
        for line in lines {
            let line = line?;
            if line.is_empty() {
                let path = path.split('?').next().unwrap_or_default();
                return Ok(Some(Self { method: method.into(), path: path.into(), host }));
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("host")
            {
                host = value.trim().to_ascii_lowercase();
            }
        }
        Ok(None)
    }
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    stream.flush()
}
