//! `consort watch`: a page on this machine, of a run that is being made or is done.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::program::*;

/// The program while it serves; it is ended with the test.
struct Watching {
    child: Child,
    address: SocketAddr,
}

impl Watching {
    fn of(run: &str) -> Self {
        let program = assert_cmd::cargo::cargo_bin("consort");
        let mut child = Command::new(program)
            .args(["watch", run, "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = told["address"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap();
        Self { child, address }
    }

    fn ask(&self, question: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
    }

    /// Whether the program ends within some seconds.
    fn ends(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The signal of Ctrl-C; or the one that ends a process in the background, where a shell has made it deaf to the other.
fn interrupt() -> &'static str {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    if ignored.is_some_and(|signals| signals & 0b10 != 0) { "-TERM" } else { "-INT" }
}

/// A run of two members and three folds.
fn fitted(folder: &tempfile::TempDir) -> String {
    let run = path(folder, "my run");
    let table = shipped("tables/penguins.csv");
    let said = consort(&[
        "fit",
        &table,
        "--target",
        "species",
        "-o",
        &run,
        "--members",
        "tree,gnb",
        "--folds",
        "3",
        "--method",
        "greedy",
    ]);
    assert!(said.ok, "{}", said.stderr);
    run
}

#[test]
fn a_run_is_served_to_this_machine_while_it_is_made_and_after() {
    let folder = folder();
    let run = fitted(&folder);
    let mut watching = Watching::of(&run);
    assert!(watching.address.ip().is_loopback());
    let page = watching.get("/");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("The run is done"), "{page}");
    assert!(page.contains("href=\"/report\"") && page.contains("data-live=\"0\""));
    assert!(page.contains("Weights of the members") && page.contains("Scores as the fits are done"));
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http") && !page.contains("<link"));
    assert!(watching.get("/report").contains("Verdict"));
    assert!(watching.get("/run.json").starts_with("HTTP/1.1 404"));
    assert!(watching.get("/../run.json").starts_with("HTTP/1.1 404"));
    // As it was before it was done: four fits of six, and a file that is being written.
    fs::remove_file(format!("{run}/members.json")).unwrap();
    fs::remove_file(format!("{run}/report.html")).unwrap();
    fs::write(format!("{run}/models/gnb/l0-r0-f1.note"), "{\"key\":{\"layer\":0,\"mem").unwrap();
    fs::remove_file(format!("{run}/models/gnb/l0-r0-f2.note")).unwrap();
    fs::write(format!("{run}/fusion.json"), "{").unwrap();
    let page = watching.get("/");
    assert!(page.contains("4 of 6 fits are done") && page.contains("data-live=\"2\""), "{page}");
    assert!(page.contains("value=\"4\"") && !page.contains("href=\"/report\""), "{page}");
    assert!(watching.get("/report").starts_with("HTTP/1.1 404"));
    // The member without scores stands below the one with three.
    fs::write(format!("{run}/models/gnb/l0-r0-f0.note"), [0xff, 0xfe]).unwrap();
    let page = watching.get("/");
    assert!(page.contains("3 of 6 fits are done") && page.contains("no fold is scored yet"), "{page}");
    // Nothing was changed by looking.
    assert!(!fs::exists(format!("{run}/members.json")).unwrap());
    assert!(watching.child.try_wait().unwrap().is_none());
    let kill = Command::new("kill").args([interrupt(), &watching.child.id().to_string()]).status().unwrap();
    assert!(kill.success() && watching.ends(), "Ctrl-C must end it");
}

#[test]
fn strangers_and_nonsense_get_nothing_and_do_no_harm() {
    let folder = folder();
    let run = fitted(&folder);
    let watching = Watching::of(&run);
    assert!(watching.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 403"));
    assert!(watching.ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 403"));
    let host = format!("Host: {}\r\n\r\n", watching.address);
    assert!(watching.ask(&format!("POST / HTTP/1.1\r\n{host}")).starts_with("HTTP/1.1 405"));
    assert!(watching.ask("hello\r\n\r\n").starts_with("HTTP/1.1 400"));
    // One who says nothing keeps nobody waiting.
    let _silent = TcpStream::connect(watching.address).unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(60_000));
    let mut stream = TcpStream::connect(watching.address).unwrap();
    let _ = stream.write_all(long.as_bytes());
    assert!(watching.get("/").starts_with("HTTP/1.1 200"));
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = folder();
    let empty = path(&folder, "empty");
    fs::create_dir(&empty).unwrap();
    assert!(consort(&["watch", &empty]).error().contains("it is no run"));
    assert!(consort(&["watch", &path(&folder, "nowhere")]).error().contains("it is no run"));
    fs::write(format!("{empty}/run.json"), "{").unwrap();
    assert!(consort(&["watch", &empty]).error().contains("run.json"));
}

#[test]
fn a_report_is_written_in_every_form() {
    let folder = folder();
    let run = fitted(&folder);
    let at = |name: &str| path(&folder, name);
    for (file, holds) in
        [("r.html", "<!DOCTYPE html>"), ("r.md", "## Leaderboard"), ("r.json", "\"leaderboard\""), ("r.txt", "gnb")]
    {
        let said = consort(&["report", &run, "-o", &at(file)]);
        assert!(said.ok, "{}", said.stderr);
        let text = fs::read_to_string(at(file)).unwrap();
        assert!(text.contains(holds), "{file}: {text}");
    }
    assert!(consort(&["report", &run, "-o", &at("r"), "--format", "md"]).ok);
    assert!(fs::read_to_string(at("r")).unwrap().starts_with("# "));
    let told = consort(&["report", &run, "--charts", &at("charts"), "--theme", "dark", "--json"]).json();
    let files = texts(&told["charts"]["files"]);
    assert!(files.contains(&"reliability.svg".into()) || files.contains(&"fit-gap.svg".into()), "{files:?}");
    for file in &files {
        let svg = fs::read_to_string(format!("{}/{file}", at("charts"))).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("#14171c") && !svg.contains("var("), "{file}");
    }
    let told = consort(&["report", &run, "--charts", &at("data"), "--chart-format", "json", "--json"]).json();
    assert_eq!(told["charts"]["files"].as_array().unwrap().len(), files.len());
    let events = consort(&["report", &run, "--tensorboard", &at("logs"), "--json"]).json();
    let bytes = fs::read(events["tensorboard"].as_str().unwrap()).unwrap();
    assert!(bytes.windows(13).any(|part| part == b"brain.Event:2") && bytes.windows(4).any(|part| part == b"/gnb"));
    assert_eq!(consort(&["report", &run]).code, Some(2), "nothing is asked for");
}
