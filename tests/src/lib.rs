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
mod customer_phone;
mod event;
mod faulty_gateway;
mod faulty_issuer;
mod manual_clock;
pub mod mutation;
mod push_service;
mod sign_in_flow;
mod socket;
mod staff_client;
mod test_stack;

pub use answer::TestResponse;
pub use browser::{AUTH, Browser, P256DH};
pub use call::Call;
pub use cookie_jar::CookieJar;
pub use customer_phone::CustomerPhone;
pub use event::{SmsEvent, ago, by_queue, by_queue_raw, by_topic, record};
pub use faulty_gateway::FaultyGateway;
pub use faulty_issuer::{FaultyIssuer, IssuerBehaviour, RequestCounts, SecretLocation, TokenSigner};
pub use manual_clock::ManualClock;
pub use push_service::{NOBODY_LISTENS, PushService, ReceivedPush, Subscriber};
pub use sign_in_flow::SignInFlow;
pub use socket::{HandshakeRejection, Socket};
pub use staff_client::{SendOptions, StaffClient};
pub use test_stack::{HARBOR, HARBOR_SECOND, InvokeResult, SESSION_COOKIE, TIDEWATER, TableUsage, TestStack};
