//! Tests the command: its options, its output, and the data that it keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A stack in a separate process, which is killed at the end of the test.
struct Switchboard {
    process: Child,
    address: String,
    printed: String,
    http: reqwest::Client,
}

impl Switchboard {
    async fn start(folder: &Path, options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args(["--port", &port.to_string()])
            .args(options)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        while !printed.contains("Stop it") {
            printed += &(lines.next_line().await.unwrap().expect("it goes on until it is stopped") + "\n");
        }
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { process, address: format!("http://127.0.0.1:{port}"), printed, http }
    }

    async fn json(&self, path: &str, cookie: &str) -> Value {
        let request = self
            .http
            .get(format!("{}{path}", self.address))
            .header("accept", "application/json")
            .header("cookie", cookie);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn sign_in(&self) -> String {
        let location = |answer: &reqwest::Response| answer.headers()["location"].to_str().unwrap().to_owned();
        let cookie = |answer: &reqwest::Response| {
            answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
        };
        let begun = self.http.get(format!("{}/api/sign-in", self.address)).send().await.unwrap();
        let issuer = location(&begun);
        let query = issuer.split_once('?').unwrap().1;
        let form = format!("{query}&staff=harbor-dental.dana");
        let picking = self.http.post(&issuer).header("content-type", "application/x-www-form-urlencoded").body(form);
        let picked = picking.send().await.unwrap();
        let back = self.http.get(location(&picked)).header("cookie", cookie(&begun));
        cookie(&back.send().await.unwrap())
    }

    async fn notifications(&self) -> Vec<Value> {
        let cookie = self.sign_in().await;
        self.json("/api/notifications?limit=100", &cookie).await["items"].as_array().unwrap().clone()
    }

    async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}

#[tokio::test]
async fn it_says_where_everything_is_and_is_ready_when_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let switchboard = Switchboard::start(folder.path(), &["--memory"]).await;
    let port = switchboard.address.rsplit(':').next().unwrap();
    for address in
        [format!("http://localhost:{port}/"), format!("http://localhost:{port}/handset"), "--endpoint-url".to_owned()]
    {
        assert!(switchboard.printed.contains(&address), "{address} in {}", switchboard.printed);
    }
    let health = switchboard.http.get(format!("{}/healthz", switchboard.address)).send().await.unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "--memory leaves nothing behind");
}

#[tokio::test]
async fn the_demo_has_two_companies_with_some_weeks_of_conversations() {
    let folder = tempfile::tempdir().unwrap();
    let switchboard = Switchboard::start(folder.path(), &["--memory"]).await;
    let lines = switchboard.json("/local/lines", "").await;
    let mut companies: Vec<_> =
        lines.as_array().unwrap().iter().map(|line| line["company"].as_str().unwrap()).collect();
    companies.dedup();
    assert_eq!(companies, ["harbor-dental", "tidewater-physio"]);
    let staff = switchboard.json("/local/staff", "").await;
    assert!(staff.as_array().unwrap().iter().all(|person| person["id"].is_string() && person["name"].is_string()));
    let notifications = switchboard.notifications().await;
    assert!(notifications.len() > 15, "{}", notifications.len());
    let day = |notification: &Value| domain::Timestamp::from_rfc3339(notification["at"].as_str().unwrap()).unwrap();
    let (first, last) = (day(notifications.last().unwrap()), day(&notifications[0]));
    assert!(first.plus_secs(14 * 24 * 60 * 60) < last, "from {first} to {last}");
}

#[tokio::test]
async fn without_the_demo_there_are_companies_and_nothing_said() {
    let folder = tempfile::tempdir().unwrap();
    let switchboard = Switchboard::start(folder.path(), &["--memory", "--no-demo"]).await;
    assert_eq!(switchboard.json("/local/lines", "").await.as_array().unwrap().len(), 3);
    assert!(switchboard.notifications().await.is_empty());
}

#[tokio::test]
async fn data_and_sessions_are_kept_over_restarts_even_of_a_process_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let switchboard = Switchboard::start(folder.path(), &["--no-demo"]).await;
    let cookie = switchboard.sign_in().await;
    let form = [("from", "+14255550182"), ("to", "+12065550142"), ("text", "hello")];
    switchboard.http.post(format!("{}/local/handset/messages", switchboard.address)).form(&form).send().await.unwrap();
    switchboard.stop().await;
    assert!(folder.path().join(".switchboard").is_dir());

    let switchboard = Switchboard::start(folder.path(), &["--no-demo"]).await;
    let kept = switchboard.json("/api/notifications", &cookie).await;
    assert_eq!(kept["items"][0]["text"], "hello");
    let elsewhere = folder.path().join("elsewhere");
    let other = Switchboard::start(folder.path(), &["--no-demo", "--data", elsewhere.to_str().unwrap()]).await;
    assert!(other.notifications().await.is_empty());
    assert!(elsewhere.is_dir());
}
