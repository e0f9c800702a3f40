#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on has failed"
)]

mod answer;
mod browser;
mod call;
mod cookie_jar;
mod desk;
mod event;
pub mod foreign;
mod hand_clock;
mod house;
mod lying_issuer;
mod phone;
mod push_service;
mod signing_in;
mod socket;
mod unsure_gateway;

pub use answer::Answer;
pub use browser::{AUTH, Browser, P256DH};
pub use call::Call;
pub use cookie_jar::CookieJar;
pub use desk::{Desk, Send};
pub use event::{Sms, ago, by_queue, by_queue_raw, by_topic, record};
pub use hand_clock::HandClock;
pub use house::{HARBOR, HARBOR_SECOND, House, Invoked, SESSION_COOKIE, TIDEWATER, Usage};
pub use lying_issuer::{Asked, Behaviour, LyingIssuer, Signed, TakesSecret};
pub use phone::Phone;
pub use push_service::{NOBODY_LISTENS, PushService, Pushed, Subscriber};
pub use signing_in::SigningIn;
pub use socket::{Refused, Socket};
pub use unsure_gateway::UnsureGateway;
