//! A run: the real functions and the real SDK with the local endpoints, in simulated time.

mod browsers;
mod delivery;
mod request;
mod screens;
mod staff;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_types::region::Region;
pub(crate) use browsers::{SubscriptionChange, browsers_of};
use delivery::StreamFollower;
pub(crate) use delivery::{LIVE, PUSHES};
use domain::{
    Company, CompanyId, ConversationId, ConversationKey, LineCapability, Login, PhoneNumber, Randomness, Retention,
    Scheme, SendingLimits, StaffId, Timestamp,
};
use local::{InProcess, OptOutManagement, TABLE};
pub(crate) use request::{Request, feed, history, thread};
use runtime::{Configuration, Metrics, Runtime};
pub(crate) use screens::Screen;
use serde_json::Value;
pub(crate) use staff::ResponseToStaff;
use store::{Connection, ConnectionOwner, Member, Store};
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;

use crate::clock::SimulatedTime;
use crate::lambda::Lambda;
use crate::network::{Network, Replication};
use crate::push_service::PushService;
use crate::queue::{Queue, QueueKind};
use crate::rng::Rng;
use crate::scenario::{Action, COMPANIES, Scenario, ScenarioProvider, Step};
use crate::sockets::{Sockets, WITNESS};
use crate::trace::Trace;

/// A number that belongs to no customer.
const STRANGER: &str = "+14255550199";

pub(crate) const CUSTOMERS: [&str; 3] = ["+14255550182", "+14255550183", "+14255550184"];

pub(crate) struct SimulatedCompany {
    pub(crate) company: Company,
    pub(crate) lines: Vec<PhoneNumber>,
    staff: StaffId,
}

/// A task that runs once and for which all callers wait.
type SharedOnce = Arc<OnceCell<()>>;

pub(crate) struct Simulation {
    pub(crate) story: Scenario,
    pub(crate) time: SimulatedTime,
    pub(crate) trace: Trace,
    pub(crate) aws: Arc<InProcess>,
    pub(crate) store: Store,
    pub(crate) firms: Vec<SimulatedCompany>,
    queues: [Queue; 4],
    followers: [StreamFollower; 2],
    pub(crate) told: Mutex<Vec<ResponseToStaff>>,
    /// Work that failed or needed a second delivery, although all of its faults could be retried at once.
    pub(crate) late: Mutex<Vec<String>>,
    accepted: Mutex<Vec<(usize, u64)>>,
    pub(crate) screens: Mutex<Vec<Screen>>,
    /// The records of the table's stream, in the order in which they were written.
    pub(crate) written: Mutex<Vec<Value>>,
    pub(crate) sockets: Sockets,
    pub(crate) push_service: PushService,
    /// The requests to turn notifications on or off.
    pub(crate) turns: Mutex<Vec<SubscriptionChange>>,
    network: Network,
    lambda: Lambda,
    sessions: Mutex<Vec<Vec<(String, Timestamp)>>>,
    /// The steps in which a person signed out, with the partition key of their session.
    pub(crate) signed_out: Mutex<Vec<(usize, String)>>,
    authorized: Mutex<HashMap<String, (Value, Timestamp)>>,
    booked: Mutex<HashMap<(usize, usize), SharedOnce>>,
    /// The steps whose messages get delivery receipts.
    told_of: Mutex<BTreeSet<usize>>,
    connections: AtomicU32,
    /// The number of sign-ins so far, which makes the token of each session unique.
    sign_ins: AtomicU32,
    /// The number of pushes that were queued for a retry.
    retries: AtomicU64,
    busy: watch::Sender<usize>,
}

/// Held while work is pending.
struct PendingWork(watch::Sender<usize>);

impl Drop for PendingWork {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

/// The number of runs so far, which gives each run a unique region. The SDK keeps its retry quota for a whole process,
/// by region.
static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulation {
    pub(crate) async fn open(story: &Scenario) -> anyhow::Result<Arc<Self>> {
        fastrand::seed(story.seed);
        let (time, trace) = (SimulatedTime::begin(), Trace::default());
        let sockets = Sockets::new(time);
        let push_service = PushService::default();
        let replication = Replication::new(story.seed, time)?;
        let network = Network::new(story.seed, time, trace.clone(), sockets.clone(), push_service.clone(), replication);
        let mut aws = runtime::aws_on_lambda().into_builder();
        aws.set_http_client(Some(aws_smithy_runtime_api::client::http::SharedHttpClient::new(network.clone())));
        aws.set_time_source(Some(aws_smithy_async::time::SharedTimeSource::new(time)));
        aws.set_endpoint_url(Some("http://aws.local".to_owned()));
        aws.set_region(Some(Region::new(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)))));
        let dice = Mutex::new(Rng::from_seed(story.seed, &[u64::MAX]));
        let runtime = Runtime {
            configuration: Configuration {
                table: TABLE.to_owned(),
                retention: Retention::default(),
                portal: Scheme::Https,
                idle_minutes: None,
                origin_secret: None,
            },
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
            ScenarioProvider::EndUserMessaging => {
                sms::SmsProvider::EndUserMessaging(sms::EndUserMessagingSettings::default())
            }
            ScenarioProvider::Sns => sms::SmsProvider::Sns { max_price: None },
        };
        // Both companies text customers in both countries.
        let countries = ["US", "AU"].into_iter().filter_map(|country| country.parse().ok()).collect();
        let limits = SendingLimits { countries, ..SendingLimits::default() };
        let managed = if story.confirms { OptOutManagement::ByUs } else { OptOutManagement::ByTheService };
        let lambda = Lambda::new(runtime, sms, limits, managed, network.clone(), time, trace.clone());
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
                Queue::new("dispatch-push", Duration::from_mins(6)),
            ],
            followers: StreamFollower::all(story),
            told: Mutex::default(),
            late: Mutex::default(),
            accepted: Mutex::default(),
            screens: Mutex::default(),
            written: Mutex::default(),
            sockets,
            push_service,
            turns: Mutex::default(),
            network,
            lambda,
            sessions: Mutex::new(sessions),
            signed_out: Mutex::default(),
            authorized: Mutex::default(),
            booked: Mutex::default(),
            told_of: Mutex::default(),
            connections: AtomicU32::new(0),
            sign_ins: AtomicU32::new(0),
            retries: AtomicU64::new(0),
            busy: watch::Sender::new(0),
        };
        world.move_in().await?;
        let world = Arc::new(world);
        world.are_told().await?;
        world.network.is_behind(true);
        Ok(world)
    }

    /// Adds the companies, and a witness of each company's announcements.
    async fn move_in(&self) -> anyhow::Result<()> {
        for firm in &self.firms {
            let company = &firm.company;
            self.store.add_company(company, self.time.now()).await?;
            for line in &firm.lines[1..] {
                self.store.add_line(&company.id, line, LineCapability::Texts, None).await?;
            }
            let login = Login::email(&format!("{}@{}.example", firm.staff, company.id))?;
            let (staff, name) = (firm.staff.clone(), format!("somebody of {}", company.id));
            let member = Member {
                staff,
                company: company.id.clone(),
                name,
                login,
                is_administrator: true,
                sessions_since: None,
            };
            self.store.add_staff(&member).await?;
        }
        for (place, firm) in self.firms.iter().enumerate() {
            let id = format!("{WITNESS}-{place}");
            self.sockets.open(&id);
            let forever = self.time.now().plus_secs(1_000 * 24 * 60 * 60);
            // A socket needs a session that is valid when it opens.
            let token = self.sign_in_until(place, forever.plus_secs(1)).await?;
            let holder = ConnectionOwner {
                company: firm.company.id.clone(),
                staff: firm.staff.clone(),
                session: web::token_hash(&token),
                began: self.time.now(),
                ends: forever.plus_secs(1),
            };
            // The connection seems to have just opened for as long as the scenario lasts.
            self.store.open_connection(&Connection { id: id.parse()?, holder, since: forever }).await?;
        }
        lock(&self.sessions).iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// Runs the scenario until no work is pending.
    pub(crate) async fn play(self: &Arc<Self>) -> anyhow::Result<()> {
        let mut readers = JoinSet::new();
        let place = self.aws.latest()?;
        for of in QueueKind::ALL {
            readers.spawn(self.clone().receive(of));
        }
        for of in 0..self.followers.len() {
            readers.spawn(self.clone().follow(of, place.clone()));
        }
        let mut steps = JoinSet::new();
        for (place, step) in self.story.steps.iter().enumerate() {
            self.time.sleep_until(step.at).await;
            self.trace.record(self.time, &format!("step {}", step.number));
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
        // A message without an outcome becomes unconfirmed after a minute. The stream is then read to its end.
        tokio::time::sleep(Duration::from_secs(150)).await;
        busy.wait_for(|busy| *busy == 0).await?;
        readers.abort_all();
        while readers.join_next().await.is_some() {}
        self.network.is_behind(false);
        self.trace.record(self.time, "the end");
        Ok(())
    }

    /// Returns the inbound messages that the SMS service accepted: the step and the time.
    pub(crate) fn accepted(&self) -> Vec<(usize, u64)> {
        lock(&self.accepted).clone()
    }

    pub(crate) fn close(&self) {
        self.network.leads_to(None);
    }

    fn busy(&self) -> PendingWork {
        self.busy.send_modify(|busy| *busy += 1);
        PendingWork(self.busy.clone())
    }

    pub(crate) fn conversation(&self, company: usize, customer: usize) -> anyhow::Result<ConversationId> {
        let number = PhoneNumber::e164(CUSTOMERS[customer])?;
        Ok(self.firms[company].company.conversation_key.conversation_with(&number))
    }

    async fn take(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        match &step.what {
            Action::Text { line, copies, .. } => {
                lock(&self.accepted).push((place, self.time.now().as_millis()));
                for (copy, delay) in (0..).zip(copies) {
                    let body = self.sms(step, *line);
                    self.brings(QueueKind::Texts, place, copy, *delay, body);
                }
            }
            Action::Malformed => self.brings(QueueKind::Texts, place, 0, Duration::ZERO, "{\"Message\": 7}".to_owned()),
            Action::Reply { first, again, .. } => self.replies(place, *first, again).await?,
            Action::Again { again } => self.sends_again(place, again).await?,
            Action::Edit { status, again } => self.edits(place, status, again).await?,
            Action::Call { pressed, ended } => self.is_called(place, *pressed, ended).await?,
            Action::Read => self.reads(place).await?,
            Action::Opens => {
                let screen = Screen { company: step.company, connection: None, shown: Vec::new(), missed: false };
                lock(&self.screens).push(screen);
                self.connects(place).await?;
            }
            Action::CutOff => self.cuts_off(place),
            Action::ComesBack => self.connects(place).await?,
            Action::TurnsOn => self.turns_on(place).await?,
            Action::TurnsOff => self.turns_off(place).await?,
            Action::SignsOut { asked, after } => self.signs_out(place, asked, *after).await?,
            Action::Sweep => {
                self.aws.sweep()?;
                self.network.has_swept();
            }
        }
        Ok(())
    }
}

/// Returns Amazon Connect's id of a call.
pub(crate) fn contact_of(step: &Step) -> String {
    format!("contact-{}", step.number)
}

/// Returns the SMS service's id of an inbound message.
pub(crate) fn sms_of(step: &Step) -> String {
    format!("sms-{}", step.number)
}

/// Returns the text of a step. The text is unique unless it is an SMS keyword.
pub(crate) fn text_of(step: &Step) -> String {
    if let Action::Text { keyword: Some(keyword), .. } = step.what {
        return keyword.to_owned();
    }
    format!("words {} at {}", step.number, COMPANIES[step.company])
}

fn firms() -> anyhow::Result<Vec<SimulatedCompany>> {
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
            contact: None,
            id,
        };
        Ok(SimulatedCompany { company, lines, staff: "dana".parse()? })
    };
    let places = [("US", "America/Los_Angeles"), ("AU", "Australia/Sydney")];
    COMPANIES.into_iter().zip(lines.into_iter().zip(places)).map(firm).collect()
}
