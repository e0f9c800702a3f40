#![doc = include_str!("../README.md")]

mod appointment_id;
mod call;
mod clock;
mod company;
mod conversation;
mod event;
mod login;
mod message;
mod notification;
mod page;
mod phone_number;
mod position;
mod retention;
mod slug;
mod staff;
mod text;

pub use appointment_id::{AppointmentId, NotAnAppointmentId};
pub use call::{Call, CallOutcome};
pub use clock::{Clock, Randomness, Timestamp};
pub use company::{Company, CompanyId, Line};
pub use conversation::{Conversation, ConversationId, ConversationKey, NotAConversation};
pub use event::Event;
pub use login::{Login, NotALogin};
pub use message::{Message, MessageId, MessageKind, Progress, Refusal, Told};
pub use notification::Notification;
pub use page::Page;
pub use phone_number::{NotANumber, NotARegion, PhoneNumber, Region, read_numbering_plans};
pub use position::{NotAPosition, Position};
pub use retention::Retention;
pub use slug::NotASlug;
pub use staff::{Staff, StaffId};
pub use text::{BadText, OutboundText};
