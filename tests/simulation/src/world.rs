//! A run: the real functions and the real SDK before the real endpoints, in simulated time.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use aws_types::region::Region;
use domain::{
    Carries, Company, CompanyId, ConversationId, ConversationKey, Login, PhoneNumber, Randomness, Retention,
    SendingLimits, StaffId, Timestamp,
};
use local::{InProcess, MAPPINGS, TABLE};
use runtime::{Configuration, Metrics, Runtime};
use serde_json::{Value, json};
use store::{Connection, Holder, Member, Session, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Time;
use crate::dice::Dice;
use crate::lambda::Lambda;
use crate::network::{Invocation, Network};
use crate::queue::{Message, Of, Queue};
use crate::sockets::{Shown, Sockets, WITNESS};
use crate::story::{COMPANIES, Provider, Step, Story, Trouble, What};
use crate::trace::Trace;

pub(crate) const CUSTOMERS: [&str; 3] = ["+14255550182", "+14255550183", "+14255550184"];

/// After so many attempts nothing goes wrong any more: what fails for longer than that is an outage, which people end.
const TROUBLED_ATTEMPTS: u32 = 2;

pub(crate) struct Firm {
    pub(crate) company: Company,
    pub(crate) lines: Vec<PhoneNumber>,
    staff: StaffId,
}

/// What somebody was answered.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) step: usize,
    pub(crate) company: usize,
    /// `None` if the function did not come to its end.
    pub(crate) status: Option<u16>,
    pub(crate) body: String,
}

/// A page that shows a company's feed.
pub(crate) struct Screen {
    pub(crate) company: usize,
    /// While it is connected.
    pub(crate) connection: Option<String>,
    pub(crate) shown: Vec<String>,
    pub(crate) missed: bool,
}

pub(crate) struct World {
    pub(crate) story: Story,
    pub(crate) time: Time,
    pub(crate) trace: Trace,
    pub(crate) aws: Arc<InProcess>,
    pub(crate) store: Store,
    pub(crate) firms: Vec<Firm>,
    queues: [Queue; 3],
    pub(crate) told: Mutex<Vec<Told>>,
    accepted: Mutex<Vec<(usize, u64)>>,
    pub(crate) screens: Mutex<Vec<Screen>>,
    /// The table's stream, in the order in which it was written.
    pub(crate) written: Mutex<Vec<Value>>,
    /// The sequence numbers of the records that were not announced.
    pub(crate) given_up: Mutex<Vec<String>>,
    pub(crate) sockets: Sockets,
    network: Network,
    lambda: Lambda,
    sessions: Mutex<Vec<Vec<(String, Timestamp)>>>,
    authorized: Mutex<HashMap<String, (Value, Timestamp)>>,
    booked: Mutex<BTreeSet<(usize, usize)>>,
    /// The steps whose messages are told of by receipts.
    told_of: Mutex<BTreeSet<usize>>,
    connections: AtomicU32,
    /// How often somebody has signed in, so that no two sessions have one token.
    sign_ins: AtomicU32,
    batches: AtomicU32,
    busy: watch::Sender<usize>,
}

/// Held while something is still to be done.
struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

/// Names what a run has for itself of what the SDK keeps for a whole process: how often it may try again.
static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) async fn open(story: &Story) -> anyhow::Result<Arc<Self>> {
        fastrand::seed(story.seed);
        let (time, trace) = (Time::begin(), Trace::default());
        let sockets = Sockets::new(time);
        let network = Network::new(story.seed, time, trace.clone(), sockets.clone());
        let mut aws = runtime::aws_on_lambda().into_builder();
        aws.set_http_client(Some(aws_smithy_runtime_api::client::http::SharedHttpClient::new(network.clone())));
        aws.set_time_source(Some(aws_smithy_async::time::SharedTimeSource::new(time)));
        aws.set_endpoint_url(Some("http://aws.local".to_owned()));
        aws.set_region(Some(Region::new(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)))));
        let dice = Mutex::new(Dice::of(story.seed, &[u64::MAX]));
        let runtime = Runtime {
            configuration: Configuration { table: TABLE.to_owned(), retention: Retention::default() },
            aws: aws.build(),
            clock: time.clock(),
            randomness: Randomness::new(move || {
                let mut bytes = [0; 32];
                let mut dice = lock(&dice);
                bytes.chunks_mut(8).for_each(|part| part.copy_from_slice(&dice.next().to_be_bytes()));
                bytes
            }),
            metrics: Metrics::new(time.clock(), |_| ()),
        };
        let table = runtime.store();
        let sms = match story.provider {
            Provider::EndUserMessaging => sms::Provider::EndUserMessaging(sms::Settings::default()),
            Provider::Sns => sms::Provider::Sns,
        };
        // Both companies text both customers' countries.
        let countries = ["US", "AU"].into_iter().filter_map(|country| country.parse().ok()).collect();
        let limits = SendingLimits { countries, ..SendingLimits::default() };
        let lambda = Lambda::new(runtime, sms, limits, time, trace.clone());
        let instance = lambda.cold();
        let aws = Arc::new(lambda.aws(&instance)?);
        network.leads_to(Some(aws.clone()));
        aws.create_tables().await?;
        let (firms, sessions) = (firms()?, vec![Vec::new(); COMPANIES.len()]);
        let world = Self {
            story: story.clone(),
            time,
            trace,
            aws,
            store: table,
            firms,
            queues: [
                Queue::new("inbound-sms", Duration::from_secs(150)),
                Queue::new("confirmation-call", Duration::from_mins(1)),
                Queue::new("delivery-receipt", Duration::from_secs(150)),
            ],
            told: Mutex::default(),
            accepted: Mutex::default(),
            screens: Mutex::default(),
            written: Mutex::default(),
            given_up: Mutex::default(),
            sockets,
            network,
            lambda,
            sessions: Mutex::new(sessions),
            authorized: Mutex::default(),
            booked: Mutex::default(),
            told_of: Mutex::default(),
            connections: AtomicU32::new(0),
            sign_ins: AtomicU32::new(0),
            batches: AtomicU32::new(0),
            busy: watch::Sender::new(0),
        };
        world.move_in().await?;
        Ok(Arc::new(world))
    }

    /// The companies, and a witness of everything that is announced to each.
    async fn move_in(&self) -> anyhow::Result<()> {
        for firm in &self.firms {
            let company = &firm.company;
            self.store.add_company(company, self.time.now()).await?;
            for line in &firm.lines[1..] {
                self.store.add_line(&company.id, line, Carries::Texts, None).await?;
            }
            let login = Login::email(&format!("{}@{}.example", firm.staff, company.id))?;
            let (staff, name) = (firm.staff.clone(), format!("somebody of {}", company.id));
            let member = Member {
                staff,
                company: company.id.clone(),
                name,
                login,
                is_administrator: false,
                sessions_since: None,
            };
            self.store.add_staff(&member).await?;
        }
        for (place, firm) in self.firms.iter().enumerate() {
            let id = format!("{WITNESS}-{place}");
            self.sockets.open(&id);
            let forever = self.time.now().plus_secs(1_000 * 24 * 60 * 60);
            let token = self.sign_in_until(place, forever).await?;
            let holder = Holder {
                company: firm.company.id.clone(),
                staff: firm.staff.clone(),
                session: web::token_hash(&token),
                began: self.time.now(),
                ends: forever,
            };
            // As if it had just opened for as long as the story lasts.
            self.store.open_connection(&Connection { id: id.parse()?, holder, since: forever }).await?;
        }
        lock(&self.sessions).iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// Plays the story to its end, and until nothing is left to be done.
    pub(crate) async fn play(self: &Arc<Self>) -> anyhow::Result<()> {
        let mut readers = JoinSet::new();
        let place = self.aws.latest()?;
        for of in Of::ALL {
            readers.spawn(self.clone().receive(of));
        }
        readers.spawn(self.clone().follow(place));
        let mut steps = JoinSet::new();
        for (place, step) in self.story.steps.iter().enumerate() {
            self.time.until(step.at).await;
            self.trace.tell(self.time, &format!("step {}", step.number));
            let (world, busy) = (self.clone(), self.busy());
            steps.spawn(async move {
                let done = world.take(place).await;
                drop(busy);
                done
            });
        }
        while let Some(done) = steps.join_next().await {
            done??;
        }
        let mut busy = self.busy.subscribe();
        busy.wait_for(|busy| *busy == 0).await?;
        // A message that has no outcome yet is unconfirmed after a minute; and the stream is read to its end.
        tokio::time::sleep(Duration::from_secs(150)).await;
        busy.wait_for(|busy| *busy == 0).await?;
        readers.abort_all();
        while readers.join_next().await.is_some() {}
        self.trace.tell(self.time, "the end");
        Ok(())
    }

    /// The texts that the SMS service took: the step, and when.
    pub(crate) fn accepted(&self) -> Vec<(usize, u64)> {
        lock(&self.accepted).clone()
    }

    pub(crate) fn close(&self) {
        self.network.leads_to(None);
    }

    fn busy(&self) -> Busy {
        self.busy.send_modify(|busy| *busy += 1);
        Busy(self.busy.clone())
    }

    pub(crate) fn conversation(&self, company: usize, customer: usize) -> anyhow::Result<ConversationId> {
        let number = PhoneNumber::e164(CUSTOMERS[customer])?;
        Ok(self.firms[company].company.conversation_key.conversation_with(&number))
    }

    async fn take(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        match &step.what {
            What::Text { line, copies, .. } => {
                lock(&self.accepted).push((place, self.time.now().as_millis()));
                for (copy, delay) in (0..).zip(copies) {
                    let body = self.sms(step, *line);
                    self.brings(Of::Texts, place, copy, *delay, body);
                }
            }
            What::Malformed => self.brings(Of::Texts, place, 0, Duration::ZERO, "{\"Message\": 7}".to_owned()),
            What::Reply { first, again, .. } => self.replies(place, *first, again).await?,
            What::Again { again } => self.sends_again(place, again).await?,
            What::Edit { status, again } => self.edits(place, status, again).await?,
            What::Call { pressed, ended } => self.is_called(place, *pressed, ended).await?,
            What::Read => self.reads(place).await?,
            What::Opens => {
                let screen = Screen { company: step.company, connection: None, shown: Vec::new(), missed: false };
                lock(&self.screens).push(screen);
                self.connects(place).await?;
            }
            What::CutOff => self.cuts_off(place),
            What::ComesBack => self.connects(place).await?,
            What::Sweep => {
                self.aws.sweep()?;
                self.network.has_written();
            }
        }
        Ok(())
    }

    /// What the SMS service publishes, as its topic hands it to the queue.
    fn sms(&self, step: &Step, line: usize) -> String {
        let lines = &self.firms[step.company].lines;
        let message = json!({
            "originationNumber": CUSTOMERS[step.customer], "destinationNumber": lines[line.min(lines.len() - 1)],
            "messageKeyword": "KEYWORD", "messageBody": text_of(step), "inboundMessageId": sms_of(step),
            "previousPublishedMessageId": "",
        });
        json!({"Type": "Notification", "Message": message.to_string(), "Timestamp": self.time.now().to_string()})
            .to_string()
    }

    /// Something reaches a queue after a while.
    fn brings(self: &Arc<Self>, of: Of, step: usize, copy: u64, delay: Duration, body: String) {
        let (world, busy) = (self.clone(), self.busy());
        let sent = self.time.now();
        let place = [u64::from(self.story.steps[step].number), copy];
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            world.put(of, Message { step, place, body, sent, received: 0 }, busy);
        });
    }

    fn queue(&self, of: Of) -> &Queue {
        &self.queues[of as usize]
    }

    /// The steps that what is in the dead-letter queues comes from.
    pub(crate) fn dead(&self) -> Vec<usize> {
        self.queues.iter().flat_map(Queue::dead).map(|message| message.step).collect()
    }

    fn put(&self, of: Of, message: Message, busy: Busy) {
        // It is somebody's to do as long as it is in the queue.
        std::mem::forget(busy);
        self.queue(of).put(message);
    }

    /// Lambda's poller: batches are handed over side by side.
    async fn receive(self: Arc<Self>, of: Of) -> anyhow::Result<()> {
        loop {
            let batch = self.queue(of).receive(self.story.seed).await;
            tokio::spawn(self.clone().hand_over(of, batch));
        }
    }

    async fn hand_over(self: Arc<Self>, of: Of, batch: Vec<Message>) {
        let queue = self.queue(of);
        let goes_wrong = batch.iter().all(|message| message.received < TROUBLED_ATTEMPTS);
        let troubles = batch.iter().filter(|_| goes_wrong).flat_map(|message| {
            let step = &self.story.steps[message.step];
            step.troubles.iter().filter(|trouble| trouble.attempt == message.received).copied()
        });
        let ids: Vec<_> = batch.iter().map(Message::id).collect();
        let [step, copy] = batch[0].place;
        let place = [(1 + of as u64) << 40 | step, copy, u64::from(batch[0].received)];
        let invocation = Invocation::new(format!("{} of {}", queue.function, ids.join(", ")), place, troubles);
        let answer = self.lambda.invoke(queue.function, Queue::event(&batch), &invocation).await;
        let failures = answer.as_ref().and_then(|answer| answer["batchItemFailures"].as_array());
        for message in batch {
            let failed = failures
                .is_none_or(|failures| failures.iter().any(|failure| failure["itemIdentifier"] == *message.id()));
            // Its share of what is to be done, which `put` has kept.
            let busy = Busy(self.busy.clone());
            if failed && queue.comes_again(&message) {
                let world = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(world.queue(of).visibility).await;
                    world.put(of, Message { received: message.received + 1, ..message }, busy);
                });
            } else if failed {
                self.trace.tell(self.time, &format!("{} is in the dead-letter queue", message.id()));
            }
        }
    }

    /// The event source mapping of `live-updates`.
    async fn follow(self: Arc<Self>, mut place: String) -> anyhow::Result<()> {
        loop {
            let (records, next) = self.aws.records(&place, MAPPINGS[0].batch_size)?;
            place = next;
            if records.is_empty() {
                self.network.written().await;
                continue;
            }
            let busy = self.busy();
            lock(&self.written).extend(records.iter().cloned());
            let attempts = Mutex::new(HashMap::<String, u32>::new());
            let given_up = InProcess::deliver(MAPPINGS[0], records, |event| {
                let first = event["Records"][0]["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned();
                let tried = *lock(&attempts).entry(first).and_modify(|tried| *tried += 1).or_default();
                let batch = self.batches.fetch_add(1, Ordering::Relaxed);
                let troubles = self.story.stream.iter().filter(|it| it.attempt == batch && tried < TROUBLED_ATTEMPTS);
                let invocation =
                    Invocation::new(format!("batch {batch}"), [5 << 40, u64::from(batch), 0], troubles.copied());
                let world = &self;
                async move { world.lambda.invoke(MAPPINGS[0].function, event, &invocation).await }
            });
            let given_up = given_up.await;
            lock(&self.given_up).extend(given_up);
            drop(busy);
        }
    }

    async fn replies(self: &Arc<Self>, place: usize, first: bool, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        let (path, parameters, body) = if first {
            let body = json!({"to": CUSTOMERS[step.customer], "text": text_of(step)});
            ("/api/messages".to_owned(), json!({}), body)
        } else {
            let path = format!("/api/conversations/{conversation}/messages");
            (path, json!({"conversation": conversation}), json!({"text": text_of(step)}))
        };
        let request = Request { method: "POST", function: "send-reply", path, parameters, body: Some(body), ..READ };
        self.asks_again(place, &request, again).await
    }

    /// Staff press "Send again" beneath the newest message of theirs that has it.
    async fn sends_again(self: &Arc<Self>, place: usize, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        let looking =
            Invocation::new(format!("a look before {}", step.number), [7 << 40, u64::from(step.number), 0], []);
        let shown = self.asks(step.company, &thread(conversation, None), &looking).await?;
        let shown: Value = serde_json::from_str(&shown.context("no answer")?.1)?;
        let may = |item: &&Value| matches!(item["status"].as_str(), Some("failed" | "unconfirmed"));
        let Some(message) = shown["items"].as_array().into_iter().flatten().find(may) else { return Ok(()) };
        let request = Request {
            method: "POST",
            function: "send-reply",
            path: format!("/api/conversations/{conversation}/messages"),
            parameters: json!({"conversation": conversation}),
            body: Some(json!({"again": message["id"]})),
            ..READ
        };
        // Colleagues press the same, each with a key of their own.
        self.asks_side_by_side(place, again, |press| Request {
            key: Some(format!("key-{}-{press}", step.number)),
            ..request.clone()
        })
        .await
    }

    async fn edits(self: &Arc<Self>, place: usize, status: &str, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        self.books(step.company, step.customer).await?;
        let request = appointment(step.customer, status, &text_of(step));
        self.asks_again(place, &request, again).await
    }

    /// A customer has an appointment with a company, if they had none.
    async fn books(self: &Arc<Self>, company: usize, customer: usize) -> anyhow::Result<()> {
        if !lock(&self.booked).insert((company, customer)) {
            return Ok(());
        }
        let invocation = Invocation::new("booking".to_owned(), [6 << 40, company as u64, customer as u64], []);
        let request = appointment(customer, "booked", "booked at first");
        let told = self.asks(company, &request, &invocation).await?;
        anyhow::ensure!(told.is_some_and(|(status, _)| [200, 201].contains(&status)), "nothing could be booked");
        Ok(())
    }

    async fn is_called(
        self: &Arc<Self>,
        place: usize,
        pressed: Option<(char, Duration)>,
        ended: &[Duration],
    ) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        self.books(step.company, step.customer).await?;
        let (contact, line) = (contact_of(step), &self.firms[step.company].company.line);
        let appointment = appointment_of(step.customer);
        for (copy, delay) in (0..).zip(ended) {
            let event = json!({
                "source": "aws.connect", "detail-type": "Amazon Connect Contact Event", "time": self.time.now().to_string(),
                "detail": {
                    "eventType": "DISCONNECTED", "contactId": contact, "channel": "VOICE", "initiationMethod": "API",
                    "connectedToSystemTimestamp": self.time.now().to_string(),
                    "disconnectTimestamp": self.time.now().to_string(), "disconnectReason": "CONTACT_FLOW_DISCONNECT",
                    "tags": {"aws:connect:systemEndpoint": line, "appointmentId": appointment},
                },
            });
            self.brings(Of::Calls, place, copy, *delay, event.to_string());
        }
        let Some((digit, delay)) = pressed else { return Ok(()) };
        tokio::time::sleep(delay).await;
        let event = json!({"Name": "ContactFlowEvent", "Details": {
            "Parameters": {"appointmentId": appointment, "digit": digit.to_string()},
            "ContactData": {
                "ContactId": contact, "Channel": "VOICE", "InitiationMethod": "API",
                "CustomerEndpoint": {"Address": CUSTOMERS[step.customer], "Type": "TELEPHONE_NUMBER"},
                "SystemEndpoint": {"Address": line, "Type": "TELEPHONE_NUMBER"},
            },
        }});
        let invocation = self.invocation("the flow's call", place, 0);
        let answer = self.lambda.invoke("confirmation-call", event, &invocation).await;
        let told = answer.map(|answer| answer.to_string());
        let (status, body) = (told.is_some().then_some(200), told.unwrap_or_default());
        lock(&self.told).push(Told { step: place, company: step.company, status, body });
        Ok(())
    }

    async fn reads(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        for (attempt, request) in (0..).zip([feed("application/json", None), thread(conversation, None)]) {
            self.attempt(place, attempt, &request).await?;
        }
        Ok(())
    }

    /// Sends a request, and the same again so much later each, whatever became of the first.
    async fn asks_again(self: &Arc<Self>, place: usize, request: &Request, again: &[Duration]) -> anyhow::Result<()> {
        let key = format!("key-{}", self.story.steps[place].number);
        self.asks_side_by_side(place, again, |_| Request { key: Some(key.clone()), ..request.clone() }).await
    }

    /// Sends a request, and one more so much later each.
    async fn asks_side_by_side(
        self: &Arc<Self>,
        place: usize,
        later: &[Duration],
        request: impl Fn(u32) -> Request,
    ) -> anyhow::Result<()> {
        let mut asking = JoinSet::new();
        for (attempt, delay) in (0..).zip(std::iter::once(&Duration::ZERO).chain(later)) {
            let (world, request, delay) = (self.clone(), request(attempt), *delay);
            asking.spawn(async move {
                tokio::time::sleep(delay).await;
                world.attempt(place, attempt, &request).await
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked??;
        }
        Ok(())
    }

    fn invocation(&self, what: &str, place: usize, attempt: u32) -> Arc<Invocation> {
        let step = &self.story.steps[place];
        let troubles = step.troubles.iter().filter(|trouble: &&Trouble| trouble.attempt == attempt);
        let name = format!("{what} of {}", step.number);
        Invocation::new(name, [0, u64::from(step.number), u64::from(attempt)], troubles.copied())
    }

    async fn attempt(
        self: &Arc<Self>,
        place: usize,
        attempt: u32,
        request: &Request,
    ) -> anyhow::Result<Option<(u16, String)>> {
        let company = self.story.steps[place].company;
        let invocation = self.invocation(&format!("attempt {attempt}"), place, attempt);
        let told = self.asks(company, request, &invocation).await?;
        let (status, body) = told.clone().unzip();
        let said = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
        self.trace.tell(self.time, &format!("{} is told {said}", invocation.name()));
        lock(&self.told).push(Told { step: place, company, status, body: body.unwrap_or_default() });
        Ok(told)
    }

    /// A request of a company's staff, as API Gateway hands it on; who is told that they have no session any more signs
    /// in again.
    pub(crate) async fn asks(
        self: &Arc<Self>,
        company: usize,
        request: &Request,
        invocation: &Arc<Invocation>,
    ) -> anyhow::Result<Option<(u16, String)>> {
        const KEPT_SECS: u64 = 60;
        loop {
            let known = lock(&self.sessions)[company].last().cloned();
            let (token, ends) = if let Some(known) = known {
                known
            } else {
                let ends = self.time.now().plus_secs(12 * 60 * 60);
                (self.sign_in_until(company, ends).await?, ends)
            };
            let now = self.time.now();
            let Some(verdict) = self.authorize(&token, invocation).await else { return Ok(None) };
            let answer = self.lambda.invoke(request.function, request.event(&verdict), invocation).await;
            self.tells_of_what_was_sent();
            let Some(answer) = answer else { return Ok(None) };
            let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            let status = status.context("an answer has a status")?;
            if status == 401 && ends <= self.time.now() {
                lock(&self.sessions)[company].retain(|(known, _)| *known != token);
                continue;
            }
            anyhow::ensure!(
                status == 401 || now < ends.plus_secs(KEPT_SECS),
                "a session that is over was still good for an answer"
            );
            return Ok(Some((status, answer["body"].as_str().unwrap_or_default().to_owned())));
        }
    }

    /// What becomes of messages that were sent is told as the story has it.
    fn tells_of_what_was_sent(self: &Arc<Self>) {
        for sent in self.network.sent() {
            let of_it = |step: &&Step| sent.asked["MessageBody"] == *text_of(step);
            let Some(place) = self.story.steps.iter().position(|step| of_it(&step)) else { continue };
            let What::Reply { receipts, .. } = &self.story.steps[place].what else { continue };
            // Of what is sent again nothing is heard.
            if !lock(&self.told_of).insert(place) {
                continue;
            }
            let now = self.time.now().as_millis();
            for (copy, (receipt, delay)) in (0..).zip(receipts) {
                let (event, is_final) = receipt.event();
                let message = json!({
                    "eventType": event, "eventVersion": "1.0", "eventTimestamp": now, "isFinal": is_final,
                    "originationPhoneNumber": sent.asked["OriginationIdentity"],
                    "destinationPhoneNumber": sent.asked["DestinationPhoneNumber"], "messageId": sent.id,
                    "messageRequestTimestamp": now, "context": sent.asked["Context"],
                });
                let body = json!({"Type": "Notification", "Message": message.to_string()});
                self.brings(Of::Receipts, place, copy, *delay, body.to_string());
            }
        }
    }

    async fn sign_in_until(&self, company: usize, ends: Timestamp) -> anyhow::Result<String> {
        let firm = &self.firms[company];
        let began = self.time.now();
        let token = format!("{}-{}", firm.company.id, self.sign_ins.fetch_add(1, Ordering::Relaxed));
        let session = Session { company: firm.company.id.clone(), staff: firm.staff.clone(), began, ends };
        self.store.start_session(&web::token_hash(&token), &session).await?;
        lock(&self.sessions)[company].push((token.clone(), ends));
        Ok(token)
    }

    /// What the authorizer says, or said within the last minute.
    async fn authorize(&self, token: &str, invocation: &Arc<Invocation>) -> Option<Value> {
        let now = self.time.now();
        let known = lock(&self.authorized).get(token).cloned();
        if let Some((verdict, since)) = known
            && now < since.plus_secs(60)
        {
            return Some(verdict);
        }
        let event = json!({"type": "REQUEST", "cookies": [format!("{}={token}", web::SESSION_COOKIE)]});
        let verdict = self.lambda.invoke("authorize", event, invocation).await?["context"].clone();
        lock(&self.authorized).insert(token.to_owned(), (verdict.clone(), now));
        Some(verdict)
    }

    /// The company's screens that have no connection get one, and ask for what they missed.
    async fn connects(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let screens = lock(&self.screens).len();
        for screen in 0..screens {
            let lost = |screen: &Screen| screen.company == step.company && screen.connection.is_none();
            if !lost(&lock(&self.screens)[screen]) {
                continue;
            }
            let id = format!("screen-{}", self.connections.fetch_add(1, Ordering::Relaxed));
            let invocation = self.invocation("a handshake", place, 0);
            if !self.handshake(step.company, &id, &invocation).await? {
                continue;
            }
            self.sockets.open(&id);
            lock(&self.screens)[screen].connection = Some(id.clone());
            if let Some((200, body)) = self.attempt(place, 1, &feed("text/html", None)).await? {
                self.sockets.asked(&id, body);
            } else {
                self.sockets.misses(&id);
            }
        }
        Ok(())
    }

    async fn handshake(&self, company: usize, id: &str, invocation: &Arc<Invocation>) -> anyhow::Result<bool> {
        let token = lock(&self.sessions)[company].last().cloned();
        let token = match token {
            Some((token, ends)) if self.time.now() < ends => token,
            _ => self.sign_in_until(company, self.time.now().plus_secs(12 * 60 * 60)).await?,
        };
        let mut event = json!({
            "headers": {"cookie": format!("{}={token}", web::SESSION_COOKIE), "sec-fetch-site": "same-origin"},
            "methodArn": "arn:connect", "type": "REQUEST",
            "requestContext": {"connectionId": id, "eventType": "CONNECT", "routeKey": "$connect"},
        });
        let Some(policy) = self.lambda.invoke("authorize", event.clone(), invocation).await else { return Ok(false) };
        event["requestContext"]["authorizer"] = policy["context"].clone();
        let answer = self.lambda.invoke("live-connection", event, invocation).await;
        Ok(answer.is_some_and(|answer| answer["statusCode"] == 200))
    }

    /// All of the company's screens lose their connections; API Gateway tells of some that they are gone.
    fn cuts_off(&self, place: usize) {
        let step = &self.story.steps[place];
        for screen in lock(&self.screens).iter_mut().filter(|screen| screen.company == step.company) {
            if let Some(shown) = screen.connection.take().map(|id| self.sockets.cut_off(&id)) {
                screen.takes(shown);
            }
        }
    }

    /// What the witness of a company was shown.
    pub(crate) fn witnessed(&self, company: usize) -> Vec<String> {
        self.sockets.cut_off(&format!("{WITNESS}-{company}")).unwrap_or_default().html
    }
}

impl Screen {
    /// `None` of a connection that was closed by the other side.
    pub(crate) fn takes(&mut self, shown: Option<Shown>) {
        match shown {
            Some(shown) => {
                self.shown.extend(shown.html);
                self.missed |= shown.missed;
            }
            None => self.missed = true,
        }
    }
}

/// A request as the portal's pages send it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) function: &'static str,
    pub(crate) path: String,
    pub(crate) parameters: Value,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<Value>,
    pub(crate) key: Option<String>,
}

const READ: Request = Request {
    method: "GET",
    function: "",
    path: String::new(),
    parameters: Value::Null,
    query: Vec::new(),
    accept: "application/json",
    body: None,
    key: None,
};

impl Request {
    /// As API Gateway tells of it, in payload format 2.0.
    fn event(&self, verdict: &Value) -> Value {
        let mut headers = json!({
            "accept": self.accept, "content-type": "application/json", "sec-fetch-site": "same-origin",
            "host": "portal.example", "x-forwarded-proto": "https",
        });
        if let Some(key) = &self.key {
            headers["idempotency-key"] = json!(key);
        }
        let query: HashMap<_, _> = self.query.iter().cloned().collect();
        let raw: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path, "rawQueryString": raw.join("&"),
            "cookies": [], "headers": headers, "queryStringParameters": query, "pathParameters": self.parameters,
            "requestContext": {
                "accountId": "0", "apiId": "simulation", "domainName": "portal.example", "domainPrefix": "portal",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                    "userAgent": "a browser",
                },
                "authorizer": {"lambda": verdict}, "requestId": "r", "routeKey": "$default", "stage": "$default",
                "time": "now", "timeEpoch": 0,
            },
            "isBase64Encoded": false, "body": self.body.as_ref().map(Value::to_string),
        })
    }
}

/// A page of the feed.
pub(crate) fn feed(accept: &'static str, before: Option<&str>) -> Request {
    page("list-notifications", "/api/notifications".to_owned(), json!({}), accept, before)
}

/// A page of a conversation.
pub(crate) fn thread(conversation: ConversationId, before: Option<&str>) -> Request {
    let path = format!("/api/conversations/{conversation}/messages");
    page("fetch-conversation", path, json!({"conversation": conversation}), "application/json", before)
}

fn page(
    function: &'static str,
    path: String,
    parameters: Value,
    accept: &'static str,
    before: Option<&str>,
) -> Request {
    let mut query = vec![("limit", if accept == "text/html" { "100" } else { "4" }.to_owned())];
    query.extend(before.map(|before| ("before", before.to_owned())));
    Request { function, path, parameters, query, accept, ..READ }
}

/// What names an appointment of a customer's.
pub(crate) fn appointment_of(customer: usize) -> String {
    format!("A-{customer}")
}

/// A scheduling system's request to have an appointment as it says.
fn appointment(customer: usize, status: &str, notes: &str) -> Request {
    let id = appointment_of(customer);
    let body = json!({
        "name": "Maria Lopez", "number": CUSTOMERS[customer], "start": "2026-12-01T17:00:00Z", "minutes": 30,
        "service": "cleaning", "notes": notes, "status": status,
    });
    let path = format!("/api/appointments/{id}");
    Request {
        method: "PUT",
        function: "edit-appointment",
        path,
        parameters: json!({"appointment": id}),
        body: Some(body),
        ..READ
    }
}

/// Amazon Connect's id of a call.
pub(crate) fn contact_of(step: &Step) -> String {
    format!("contact-{}", step.number)
}

/// The SMS service's id of a text.
pub(crate) fn sms_of(step: &Step) -> String {
    format!("sms-{}", step.number)
}

/// What is written in a step, and nowhere else unless it is a keyword.
pub(crate) fn text_of(step: &Step) -> String {
    if let What::Text { keyword: Some(keyword), .. } = step.what {
        return keyword.to_owned();
    }
    format!("words {} at {}", step.number, COMPANIES[step.company])
}

fn firms() -> anyhow::Result<Vec<Firm>> {
    let lines: [&[&str]; 2] = [&["+12065550142", "+12065550167"], &["+61491570006"]];
    let firm = |(id, (lines, (region, zone))): (&str, (&[&str], (&str, &str)))| {
        let lines = lines.iter().map(|line| PhoneNumber::e164(line)).collect::<Result<Vec<_>, _>>()?;
        let id: CompanyId = id.parse()?;
        let company = Company {
            conversation_key: ConversationKey::new(format!("the key of {id}")),
            name: format!("The company {id}"),
            region: region.parse()?,
            time_zone: zone.parse()?,
            line: lines[0].clone(),
            id,
        };
        Ok(Firm { company, lines, staff: "dana".parse()? })
    };
    let places = [("US", "America/Los_Angeles"), ("AU", "Australia/Sydney")];
    COMPANIES.into_iter().zip(lines.into_iter().zip(places)).map(firm).collect()
}
