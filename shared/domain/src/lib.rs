#![doc = include_str!("../README.md")]

mod appointment;
mod audit;
mod block;
mod browser;
mod call;
mod checked;
mod clock;
mod company;
mod conversation;
mod customer;
mod customer_action;
mod draft;
pub mod heartbeat;
mod history;
mod keyword;
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
mod repaired_json;
mod reply_outcome;
mod required_action;
mod retention;
mod scheme;
mod send_error;
mod sender;
mod session;
mod slug;
mod staff;
mod subscriber;
mod text;
mod time_zone;
mod timeline_entry;
mod truncate;
mod usage;

pub use appointment::{
    Appointment, AppointmentDetails, AppointmentDuration, AppointmentField, AppointmentId, AppointmentStatus,
    AppointmentVersion, CustomerName, InvalidAppointment, MobileNumber, Notes, Practitioner, RequestDigest, Service,
};
pub use audit::{AuditAction, AuditEntry};
pub use block::{Block, BlockedNumber};
pub use browser::{Browser, PushFailure, PushPreference, PushProblem, PushTest};
pub use call::{Call, CallOutcome};
pub use clock::{Clock, Randomness, Timestamp};
pub use company::{Company, CompanyId, ContactDetails, InvalidContactDetails, Line, LineCapability};
pub use conversation::{
    ConversationCustomer, ConversationId, ConversationKey, ConversationSummary, InvalidConversationId,
};
pub use customer::{Customer, CustomerAppointment, NextAppointment, NumberKind, TextingObstacle};
pub use customer_action::{StaffAction, StaffActionKind};
pub use draft::{DraftName, FormDraft, InvalidDraft, InvalidDraftName, SavedDraft};
pub use history::{History, HistoryEntry};
pub use keyword::Keyword;
pub use limits::{InvalidRateLimit, LimitPeriod, LimitScope, LimitWindow, RateLimit, SendRestriction, SendingLimits};
pub use login::{InvalidLogin, Login};
pub use message::{DeliveryProgress, DeliveryStatus, Message, MessageId, MessageKind};
pub use notification::{Notification, NotificationGroup, RecentFeed};
pub use opt_out::{OptOut, OptOutCause, OptOutManagement, OptOutState};
pub use page::Page;
pub use phone_number::{InvalidPhoneNumber, InvalidRegion, PhoneNumber, Region, read_numbering_plans};
pub use pool::{InvalidPool, Pool};
pub use position::{InvalidPosition, Position};
pub use push::{InvalidSubscriptionId, PushEndpoint, PushSubscription, SubscriptionId};
pub use repaired_json::repaired_json;
pub use reply_outcome::ReplyOutcome;
pub use required_action::RequiredAction;
pub use retention::Retention;
pub use scheme::Scheme;
pub use send_error::{DeliveryFailure, FaultOwner, SendError};
pub use sender::{InvalidSender, Sender};
pub use session::{FRESH_SIGN_IN_SECS, ListedSession, RequestSession, SessionId, SessionLifetime, TokenHash};
pub use slug::InvalidSlug;
pub use staff::{Staff, StaffId};
pub use text::{InvalidText, OutboundText, shown_text};
pub use time_zone::{Day, InvalidLocalTime, InvalidTimeZone, TimeOfDay, TimeZone};
pub use timeline_entry::TimelineEntry;
pub use truncate::truncate;
pub use usage::{MeteredAction, UsageLimits};
