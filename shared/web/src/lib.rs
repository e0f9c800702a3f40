#![doc = include_str!("../README.md")]

mod answer;
mod audited;
mod browser_name;
mod cookie;
mod identity;
mod input;
mod origin;
mod problem;
mod socket;

pub use answer::{ResponseFormat, WebResponse, list, respond};
pub use audited::audited;
pub use browser_name::browser_name;
pub use cookie::{
    clear_session_cookie, cookie, cookie_name, cookies, session_cookie, session_cookie_name, session_token, set_cookie,
    token_hash,
};
pub use identity::{SessionVerdict, administrator, staff, staff_or_program};
pub use input::{
    IdempotencyKey, appointment, body, choice, conversation, day, draft_name, is_named, limit, limit_up_to, position,
};
pub use origin::same_origin;
pub use problem::Problem;
pub use socket::{own_handshake, socket_context, socket_holder};
