#![doc = include_str!("../README.md")]

mod appointment;
mod browser;
mod call;
mod checked;
mod clock;
mod company;
mod conversation;
mod customer;
mod cut_short;
mod deed;
mod event;
mod history;
mod limits;
mod login;
mod message;
mod notification;
mod numbering_plans;
mod opt_out;
mod page;
mod phone_number;
mod pool;
mod position;
mod push;
mod refusal;
mod repaired_json;
mod retention;
mod slug;
mod staff;
mod subscriber;
mod text;
mod time_zone;
mod wish;

pub use appointment::{
    Appointment, AppointmentId, AppointmentStatus, BadAppointment, CustomerName, Details, Field, Length, MadeOf,
    Mobile, Notes, Provider, Service, Version,
};
pub use browser::{Browser, PushChoice, PushProblem, PushTest, PushTrouble};
pub use call::{Call, CallOutcome};
pub use clock::{Clock, Randomness, Timestamp};
pub use company::{Carries, Company, CompanyId, Line};
pub use conversation::{Conversation, ConversationId, ConversationKey, NotAConversation, With};
pub use customer::{Booking, Customer, NextAppointment, NoTexting, NumberKind};
pub use cut_short::cut_short;
pub use deed::{Deed, Done};
pub use event::Event;
pub use history::{Entry, History};
pub use limits::{Allowance, Counted, Limited, NotAnAllowance, Period, SendingLimits, Window};
pub use login::{Login, NotALogin};
pub use message::{Message, MessageId, MessageKind, Progress, Told};
pub use notification::Notification;
pub use opt_out::{OptOut, OptOutCause, Opted};
pub use page::Page;
pub use phone_number::{NotANumber, NotARegion, PhoneNumber, Region, read_numbering_plans};
pub use pool::{NotAPool, Pool};
pub use position::{NotAPosition, Position};
pub use push::{NotASubscription, PushEndpoint, PushSubscription, SubscriptionId};
pub use refusal::{Refusal, Undelivered};
pub use repaired_json::repaired_json;
pub use retention::Retention;
pub use slug::NotASlug;
pub use staff::{Staff, StaffId};
pub use text::{BadText, OutboundText, shown_text};
pub use time_zone::{BadMoment, Day, NotATimeZone, TimeOfDay, TimeZone};
pub use wish::Wish;
