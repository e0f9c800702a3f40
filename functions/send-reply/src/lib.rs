#![doc = include_str!("../README.md")]

mod contacts;
mod drafts;

use std::convert::Infallible;
use std::time::Duration;

use contacts::ContactCache;
use domain::{
    Block, Clock, Company, ConversationId, DeliveryProgress, DeliveryStatus, FaultOwner, InvalidPhoneNumber, Keyword,
    LimitScope, LimitWindow, Message, MessageId, MessageKind, MobileNumber, OptOut, OptOutCause, OutboundText,
    PhoneNumber, Pool, Position, Randomness, SendError, SendRestriction, SendingLimits, Staff, TextingObstacle,
    TimelineEntry, Timestamp,
};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
use runtime::{Metric, Metrics, Runtime};
use serde::Deserialize;
use serde_json::json;
use sms::{OutboundMessage, SendOutcome, SmsClient, SmsProvider};
use store::{
    ConversationContact, DeliveryUpdate, LineCache, MarkDoneOutcome, NewMessage, NumberPair, QueueOutcome, Store,
};
use views::Viewer;
use web::{IdempotencyKey, Problem, ResponseFormat, WebResponse};

/// Sends the texts that staff write, and keeps their drafts.
///
/// A text is a reply in a conversation or a first message to a number. The function also opts customers out, blocks
/// numbers and marks conversations as done.
pub struct SendReplyFunction {
    store: Store,
    gateway: SmsClient,
    limits: SendingLimits,
    clock: Clock,
    randomness: Randomness,
    metrics: Metrics,
    contacts: ContactCache,
    lines: LineCache,
}

#[derive(Deserialize)]
struct ReplyRequest {
    text: String,
}

/// A request to send an undelivered message again.
#[derive(Deserialize)]
struct ResendRequest {
    again: Position,
}

/// A request to mark a conversation as done, up to an entry, without a text.
#[derive(Deserialize)]
struct DoneRequest {
    through: Position,
}

/// The body of a `POST` request to a conversation.
#[derive(Deserialize)]
#[serde(untagged)]
enum PostRequest {
    Again(ResendRequest),
    Reply(ReplyRequest),
}

#[derive(Deserialize)]
struct FirstMessageRequest {
    to: String,
    text: String,
}

/// The recipient of a message, with the number, the line and the state of the conversation.
struct Recipient {
    conversation: ConversationId,
    contact: NumberPair,
    reply: bool,
    /// When the carrier last rejected a text because of the number, if it has not accepted a text since.
    rejected_at: Option<Timestamp>,
}

impl SendReplyFunction {
    #[must_use]
    pub fn new(runtime: &Runtime, provider: &SmsProvider, limits: SendingLimits) -> Self {
        Self {
            store: runtime.store(),
            gateway: SmsClient::new(&runtime.aws, provider, &runtime.randomness),
            limits,
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            metrics: runtime.metrics.clone(),
            contacts: ContactCache::default(),
            lines: LineCache::default(),
        }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.answer(&request).await))
    }

    async fn answer(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff(request)?;
        if drafts::is_for(request) {
            return drafts::answer(request, &staff, &self.store, self.clock.now()).await;
        }
        web::same_origin(request)?;
        let key = IdempotencyKey::of_request(request)?.map_or_else(|| self.randomness.token(), |key| key.0);
        let id = MessageId::of_request(&staff.company, &staff.id, &key);
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        if request.uri().path().ends_with("/opt-out") {
            self.opt_out(request, &staff, id).await
        } else if request.uri().path().ends_with("/block") {
            self.block(request, &staff, id).await
        } else if request.uri().path().ends_with("/done") {
            self.mark_done(request, &staff).await
        } else if request.uri().path().ends_with("/api/messages") {
            let first: FirstMessageRequest = web::body(request)?;
            let recipient = self.recipient_for_number(&staff, &first.to).await?;
            let message = self.send(&staff, id, &recipient, &first.text, None).await?;
            Ok(respond_with(request, &message, &viewer)?
                .with_header("hx-redirect", &views::conversation_address(message.conversation)))
        } else {
            let conversation = web::conversation(request)?;
            let message = match web::body(request)? {
                PostRequest::Again(ResendRequest { again }) => self.try_again(&staff, id, conversation, again).await?,
                PostRequest::Reply(reply) => {
                    let recipient = self.recipient_of(&staff, conversation).await?;
                    self.send(&staff, id, &recipient, &reply.text, None).await?
                }
            };
            respond_with(request, &message, &viewer)
        }
    }

    /// Sends an undelivered message again, as a new message. Concurrent requests to send the same message again all
    /// return the same new message.
    async fn try_again(
        &self,
        staff: &Staff,
        id: MessageId,
        conversation: ConversationId,
        earlier: Position,
    ) -> Result<Message, Problem> {
        let read = async || {
            let message = self.store.message(&staff.company, conversation, earlier).await?;
            message.ok_or_else(Problem::no_message)
        };
        let message = read().await?;
        if message.may_be_sent_again(self.clock.now()) {
            let recipient = self.recipient_of(staff, conversation).await?;
            match self.send(staff, id, &recipient, &message.text, Some(earlier)).await {
                Err(problem) if problem.code == NOT_AGAIN => {}
                answered => return answered,
            }
        }
        let MessageKind::Outbound { tried_again: Some(another), .. } = read().await?.kind else {
            return Err(not_again());
        };
        match self.store.message(&staff.company, conversation, another).await? {
            Some(message) => self.outcome(staff, message).await,
            None => Err(Problem::no_message()),
        }
    }

    /// Records that a customer has told a member of staff that they want no more texts.
    async fn opt_out(&self, request: &Request, staff: &Staff, id: MessageId) -> Result<WebResponse, Problem> {
        let recipient = self.recipient_of(staff, web::conversation(request)?).await?;
        let now = self.clock.now();
        let out = OptOut { at: id.position(now), cause: OptOutCause::Staff { by: staff.name.clone() } };
        let out = self.store.opt_out(&staff.company, recipient.conversation, out, Some(staff), now).await?.out();
        Ok(ResponseFormat::of_request(request).answer(
            || views::opt_out_banner(recipient.conversation, None, out.as_ref()),
            || json!({"conversation": recipient.conversation, "opted_out": views::opt_out_json(out.as_ref())}),
        ))
    }

    /// Blocks a number, so that staff are not notified of its messages and calls, or unblocks it.
    async fn block(&self, request: &Request, staff: &Staff, id: MessageId) -> Result<WebResponse, Problem> {
        let conversation = web::conversation(request)?;
        let now = self.clock.now();
        let block = if request.method() == Method::DELETE {
            let is_there = self.store.unblock(staff, conversation, now).await?;
            is_there.then_some(None).ok_or_else(Problem::no_conversation)?
        } else {
            let block = self.store.block(staff, conversation, id, now).await?;
            Some(block.ok_or_else(Problem::no_conversation)?)
        };
        let json = json!({"conversation": conversation, "blocked": views::block_json(block.as_ref())});
        if matches!(ResponseFormat::of_request(request), ResponseFormat::Json) {
            return Ok(WebResponse::json(&json));
        }
        // The page shows the opt-out beside the block, so the response must contain the opt-out too.
        let (_, _, not_texted) = self.store.customer(&staff.company, conversation, now).await?;
        Ok(ResponseFormat::of_request(request)
            .answer(|| views::composer_place(conversation, block.as_ref(), not_texted.opt_out.as_ref(), None), || json))
    }

    /// Marks a conversation as done: a member of staff has dealt with it without a text.
    async fn mark_done(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let conversation = web::conversation(request)?;
        let DoneRequest { through } = web::body(request)?;
        match self.store.mark_done(staff, conversation, through, self.clock.now()).await? {
            MarkDoneOutcome::Now => Ok(WebResponse::nothing()),
            MarkDoneOutcome::SomethingNewer => Err(Problem::new(
                StatusCode::CONFLICT,
                "something-newer",
                "The customer has written since. Read that first.",
            )),
            MarkDoneOutcome::NoConversation => Err(Problem::no_conversation()),
        }
    }

    /// Returns the recipient of a reply, or of a first message to a customer who has an appointment.
    async fn recipient_of(&self, staff: &Staff, conversation: ConversationId) -> Result<Recipient, Problem> {
        let now = self.clock.now();
        if let Some(contact) = self.contacts.contact_of(&staff.company, conversation) {
            return Ok(Recipient { conversation, contact, reply: true, rejected_at: None });
        }
        let known = self.store.known_contact(&staff.company, conversation, now).await?;
        self.can_be_texted(staff, &known)?;
        let ConversationContact { contact, customer, .. } = known;
        let refused = customer.as_ref().and_then(|customer| customer.refused);
        if let Some(contact) = contact {
            self.is_not_ours(staff, &contact.number).await?;
            return Ok(Recipient { conversation, contact, reply: true, rejected_at: refused });
        }
        let customer =
            customer.filter(|customer| !customer.bookings.is_empty()).ok_or_else(Problem::no_conversation)?;
        let line = self.company(staff).await?.line;
        Ok(Recipient {
            conversation,
            contact: NumberPair { number: customer.number, line },
            reply: false,
            rejected_at: refused,
        })
    }

    /// Returns the recipient of a first message to a number in the national format of the company's region.
    async fn recipient_for_number(&self, staff: &Staff, to: &str) -> Result<Recipient, Problem> {
        let number = PhoneNumber::mobile(to, staff.region)?;
        let company = self.company(staff).await?;
        let conversation = company.conversation_key.conversation_with(&number);
        if let Some(contact) = self.contacts.contact_of(&staff.company, conversation) {
            return Ok(Recipient { conversation, contact, reply: false, rejected_at: None });
        }
        self.is_not_ours(staff, &number).await?;
        let known = self.store.known_contact(&staff.company, conversation, self.clock.now()).await?;
        self.can_be_texted(staff, &known)?;
        let refused = known.customer.and_then(|customer| customer.refused);
        let contact = known.contact.unwrap_or(NumberPair { number, line: company.line });
        Ok(Recipient { conversation, contact, reply: false, rejected_at: refused })
    }

    /// Rejects a number that is a line of the company, because a company must not text itself.
    async fn is_not_ours(&self, staff: &Staff, number: &PhoneNumber) -> Result<(), Problem> {
        if self.store.has_line(&staff.company, number).await? {
            return Err(InvalidPhoneNumber::OurOwn(number.shown_in(staff.region)).into());
        }
        Ok(())
    }

    /// Rejects a number that cannot receive texts.
    ///
    /// A number that the carrier rejected before is allowed. Some causes are temporary, and only another attempt shows
    /// that. A text to a country that is not allowed is rejected, and counted, when it is queued.
    fn can_be_texted(&self, staff: &Staff, known: &ConversationContact) -> Result<(), Problem> {
        let not_textable = |why: TextingObstacle, number: &str| {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-textable", why.sentence(number)))
        };
        if let Some(sender) = &known.no_number {
            return not_textable(TextingObstacle::NotANumber, &sender.shown_in(staff.region));
        }
        let Some(customer) = &known.customer else { return Ok(()) };
        match customer.can_be_texted(staff.region, &self.limits, known.heard) {
            Ok(()) | Err(TextingObstacle::Refused | TextingObstacle::Country(_)) => Ok(()),
            Err(why) => not_textable(why, &customer.number.shown_in(staff.region)),
        }
    }

    async fn company(&self, staff: &Staff) -> Result<Company, Problem> {
        let now = self.clock.now();
        if let Some(company) = self.contacts.company(&staff.company, now) {
            return Ok(company);
        }
        let company = self.store.company(&staff.company).await?.ok_or_else(Problem::no_company)?;
        self.contacts.insert_company(&company, now);
        Ok(company)
    }

    /// Records the message, passes it to the SMS service once, and records the result.
    async fn send(
        &self,
        staff: &Staff,
        id: MessageId,
        recipient: &Recipient,
        text: &str,
        again: Option<Position>,
    ) -> Result<Message, Problem> {
        let text = OutboundText::parse(text)?;
        let draft = NewMessage {
            id,
            staff,
            conversation: recipient.conversation,
            contact: &recipient.contact,
            reply: recipient.reply,
            text: &text,
            again,
            limits: &self.limits,
        };
        match self.store.queue(&draft, self.clock.now()).await? {
            QueueOutcome::New(message) => Ok(self.send_message(staff, message, recipient).await),
            QueueOutcome::Repeat(message)
                if message.text == text.as_str() && message.conversation == recipient.conversation =>
            {
                self.outcome(staff, message).await
            }
            QueueOutcome::Repeat(_) => Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency-key-used",
                "This Idempotency-Key has been used for another message. Use a new one for each message.",
            )),
            QueueOutcome::NotAgain => Err(not_again()),
            QueueOutcome::Blocked => Err(Problem::new(StatusCode::CONFLICT, "blocked", Block::NO_TEXTING)),
            QueueOutcome::OptedOut(out) => Err(opted_out_problem(staff, &out)),
            QueueOutcome::Limited(limited) => Err(self.limited(staff, limited)),
            QueueOutcome::NoConversation => Err(Problem::no_conversation()),
        }
    }

    /// Returns the problem for a message that is not sent because of a rate limit or its country. Nothing was recorded.
    fn limited(&self, staff: &Staff, limited: SendRestriction) -> Problem {
        let (status, code, limit) = match limited {
            SendRestriction::Country(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "country-not-allowed", "Country".to_owned())
            }
            SendRestriction::Reached(LimitWindow { counted, period, .. }) => {
                let code = match counted {
                    LimitScope::Staff => "staff-limit",
                    LimitScope::Company => "company-limit",
                    LimitScope::Number => "number-limit",
                };
                (StatusCode::TOO_MANY_REQUESTS, code, format!("{counted:?}{period:?}"))
            }
        };
        self.metrics.count_by(Metric::SendLimited, "Limit", &limit);
        tracing::warn!(company = %staff.company, staff = %staff.id, limit, "a message was not sent: rate limit reached");
        Problem {
            retry_after: limited.lasts_secs(self.clock.now()),
            ..Problem::new(status, code, limited.sentence(&staff.company_name))
        }
    }

    async fn send_message(&self, staff: &Staff, mut message: Message, recipient: &Recipient) -> Message {
        let number = &recipient.contact.number;
        let contact = NumberPair { number: number.clone(), line: message.line.clone() };
        // A contact with a recorded rejection is not cached. The next send must read the rejection, to clear it once
        // the carrier accepts a text.
        if recipient.rejected_at.is_none() {
            self.contacts.insert(&staff.company, message.conversation, contact);
        }
        let pool = self.pool(&message.line).await;
        let outgoing = OutboundMessage { company: &staff.company, message: &message, to: number, pool: pool.as_ref() };
        let reached = match self.gateway.send(outgoing).await {
            SendOutcome::Accepted { provider_id } => {
                self.metrics.count(Metric::SendAccepted);
                DeliveryProgress::Sent { at: self.clock.now(), provider_id }
            }
            SendOutcome::Refused(refusal) => {
                self.metrics.count_by(Metric::SendFailed, "Cause", &refusal.cause().to_string());
                DeliveryProgress::Failed { refusal }
            }
            SendOutcome::Unknown => {
                self.metrics.count_by(Metric::SendFailed, "Cause", &FaultOwner::Service.to_string());
                DeliveryProgress::Unconfirmed { at: self.clock.now() }
            }
        };
        // The delivery status is recorded before the opt-out or rejection. If the function ends in between, staff see
        // at least the status.
        let outcome = DeliveryUpdate {
            company: &staff.company,
            conversation: message.conversation,
            position: message.position,
            progress: &reached,
        };
        if let Err(error) = self.store.record_delivery(outcome, self.clock.now()).await {
            tracing::error!(%error, "the outcome of a send was not recorded; the message is unconfirmed after a minute");
        }
        match (&reached, recipient.rejected_at) {
            (DeliveryProgress::Sent { .. }, Some(refused)) => self.clear_rejection(staff, &message, refused).await,
            (DeliveryProgress::Failed { refusal: SendError::InvalidNumber }, _) => {
                self.record_rejection(staff, &message, number).await;
            }
            (DeliveryProgress::Failed { refusal: SendError::OptedOut }, _) => {
                self.record_opt_out(staff, &message).await;
            }
            _ => {}
        }
        if let MessageKind::Outbound { progress, .. } = &mut message.kind {
            *progress = reached;
        }
        message
    }

    /// Returns the pool that a line's texts are sent from. If the line cannot be read, returns `None`, so that the text
    /// is sent from the line itself.
    async fn pool(&self, line: &PhoneNumber) -> Option<Pool> {
        match self.lines.line(&self.store, line, self.clock.now()).await {
            Ok(line) => line.and_then(|line| line.pool),
            Err(error) => {
                tracing::warn!(%error, "a line could not be looked up; the message is sent from its number");
                None
            }
        }
    }

    /// Records that the carrier rejected a text because of the number. The customer's appointments then show this.
    async fn record_rejection(&self, staff: &Staff, message: &Message, number: &PhoneNumber) {
        self.contacts.remove(&staff.company, message.conversation);
        let mobile = MobileNumber { number: number.clone(), conversation: message.conversation };
        if let Err(error) = self.store.number_refused(&staff.company, &mobile, self.clock.now()).await {
            tracing::error!(%error, "a number's failure was not recorded");
        }
    }

    /// Records an opt-out that the SMS service knows and Switchboard did not receive. The opt-out gets the message's
    /// position, so a later START stays in force.
    async fn record_opt_out(&self, staff: &Staff, message: &Message) {
        let word = self.may_be_stopped_by(staff, message).await;
        let out = OptOut { at: message.position, cause: OptOutCause::Refused { word } };
        if let Err(error) = self.store.opt_out(&staff.company, message.conversation, out, None, self.clock.now()).await
        {
            tracing::error!(%error, "an opt-out was not recorded");
        }
    }

    /// Returns the word that may have opted the customer out.
    ///
    /// A recent text of the customer begins with this word, and the SMS service may treat the word as STOP.
    async fn may_be_stopped_by(&self, staff: &Staff, message: &Message) -> Option<String> {
        /// The number of newest timeline entries that are searched.
        const NEWEST: usize = 20;
        let read = self.store.thread_now(&staff.company, message.conversation, NEWEST, self.clock.now()).await;
        let thread = read.inspect_err(|error| tracing::error!(%error, "the reason of an opt-out was not read"));
        let keywords = thread.ok()??.messages.items.into_iter().filter_map(|event| match event {
            TimelineEntry::Message(message) => message.keyword(),
            TimelineEntry::Call(_) => None,
        });
        keywords.into_iter().find_map(|keyword| match keyword {
            Keyword::MayBeStopped(word) => Some(word.to_owned()),
            Keyword::Stop(_) | Keyword::Start | Keyword::Help | Keyword::SeemsToStop => None,
        })
    }

    /// Clears the recorded rejection of a number after the carrier has accepted a text.
    async fn clear_rejection(&self, staff: &Staff, message: &Message, refused: Timestamp) {
        if let Err(error) = self.store.number_accepted(&staff.company, message.conversation, refused).await {
            tracing::error!(%error, "a number's recovery was not recorded");
        }
    }

    /// Waits until another request has sent the message, and returns the message. Polls every 200 ms, up to 75 times.
    async fn outcome(&self, staff: &Staff, mut message: Message) -> Result<Message, Problem> {
        const LOOK_AGAIN: Duration = Duration::from_millis(200);
        const LOOKS: u32 = 75;
        for _ in 0..LOOKS {
            if delivery_status(&message, &self.clock) != Some(DeliveryStatus::Sending) {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            match self.store.message(&staff.company, message.conversation, message.position).await? {
                Some(now) => message = now,
                None => break,
            }
        }
        Ok(message)
    }
}

/// The code of the problem that `not_again` returns.
const NOT_AGAIN: &str = "not-again";

fn not_again() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        NOT_AGAIN,
        "This message is on its way, or has arrived, so it was not sent again.",
    )
}

/// Returns the problem for a text to a customer who has opted out.
fn opted_out_problem(staff: &Staff, out: &OptOut) -> Problem {
    let (day, _) = staff.time_zone.local(out.since());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "opted-out", out.sentence(&day.written_out()))
}

fn delivery_status(message: &Message, clock: &Clock) -> Option<DeliveryStatus> {
    match &message.kind {
        MessageKind::Inbound { .. } => None,
        MessageKind::Outbound { progress, .. } => Some(progress.delivery_status(message.position.at, clock.now())),
    }
}

/// Returns the response to the member of staff who sent a message.
///
/// The status is 201 if the carrier has accepted the message, and 202 while the result is not known. For a failed
/// message, the response is the problem with its cause.
fn respond_with(request: &Request, message: &Message, viewer: &Viewer) -> Result<WebResponse, Problem> {
    let status = match &message.kind {
        MessageKind::Outbound { progress: DeliveryProgress::Failed { refusal }, .. } => return Err((*refusal).into()),
        MessageKind::Outbound { progress: DeliveryProgress::Queued | DeliveryProgress::Unconfirmed { .. }, .. }
        | MessageKind::Inbound { .. } => StatusCode::ACCEPTED,
        MessageKind::Outbound { .. } => StatusCode::CREATED,
    };
    let answer = ResponseFormat::of_request(request)
        .answer(|| views::message(message, viewer), || views::message_json(message, viewer));
    Ok(answer.with_status(status))
}
