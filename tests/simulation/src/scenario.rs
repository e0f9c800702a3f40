//! Scenarios: what happens in a run and which faults it has, as a list that can be printed, shortened and run again.

use std::fmt;
use std::time::Duration;

use crate::rng::Rng;

/// The complete input of a run. The same scenario always gives the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub seed: u64,
    pub provider: ScenarioProvider,
    /// Whether Switchboard sends the opt-out acknowledgements, and not the SMS service.
    pub confirms: bool,
    pub steps: Vec<Step>,
    /// Faults of `live-updates`, which reads the stream. Their `attempt` is the number of the batch.
    pub stream: Vec<FaultPoint>,
    /// Faults of `dispatch-push`, whether it reads the stream or the retry queue.
    pub pushes: Vec<FaultPoint>,
}

/// The service that sends SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScenarioProvider {
    EndUserMessaging,
    Sns,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number stays the same when the scenario is shortened.
    pub number: u32,
    /// The time since the beginning of the scenario.
    pub at: Duration,
    pub company: usize,
    pub customer: usize,
    pub what: Action,
    pub troubles: Vec<FaultPoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A customer sends a text or an SMS keyword to a line. Each copy reaches the queue after its delay.
    Text {
        keyword: Option<&'static str>,
        line: usize,
        copies: Vec<Duration>,
    },
    /// Staff reply. The request is repeated after each delay of `again`. Each receipt is published at its delay after
    /// the send.
    Reply {
        first: bool,
        again: Vec<Duration>,
        receipts: Vec<(Receipt, Duration)>,
    },
    /// Staff send a failed or unconfirmed message again, and once more after each delay.
    Again {
        again: Vec<Duration>,
    },
    /// A customer gets a confirmation call. The pressed key and the reports of its end arrive after their delays.
    Call {
        pressed: Option<(char, Duration)>,
        ended: Vec<Duration>,
    },
    /// Staff create or change a customer's appointment.
    Edit {
        status: &'static str,
        again: Vec<Duration>,
    },
    /// Staff read the feed and the conversation.
    Read,
    /// A page of staff opens, loses its connection, or reconnects.
    Opens,
    CutOff,
    ComesBack,
    /// A person turns notifications in a browser on or off.
    TurnsOn,
    TurnsOff,
    /// A member of staff signs in in another browser, and sends a message to a new number after each delay of `asked`.
    /// They sign out after `after`.
    SignsOut {
        asked: Vec<Duration>,
        after: Duration,
    },
    /// A message that is not an SMS reaches the queue.
    Malformed,
    /// The table deletes expired items.
    Sweep,
}

/// A delivery receipt of End User Messaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Pending,
    Sent,
    /// The phone is unreachable for now.
    Unreachable,
    NotDelivered,
    Delivered,
}

/// A fault in one call to AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPoint {
    /// Which invocation of the step, counted from 0.
    pub attempt: u32,
    /// Which call of that invocation, counted from 0.
    pub call: u32,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused.
    Refused,
    /// The connection breaks before the request is received, or before the response is.
    BrokenBefore,
    BrokenAfter,
    /// The service throttles the request.
    Throttled,
    /// A transaction is cancelled because of one of its items. A single write fails with a conflict. Other calls are
    /// throttled.
    CancelledByConflict,
    CancelledByThrottling,
    CancelledByThroughput,
    CancelledByRequestLimit,
    /// A `BatchGetItem` leaves some or all of its keys unprocessed. Other calls are throttled.
    Unprocessed,
    /// The service returns an error before the request takes effect, or after.
    FailedBefore,
    FailedAfter,
    /// The service never answers.
    SilentBefore,
    SilentAfter,
    /// The function is killed.
    KilledBefore,
    KilledAfter,
}

impl Fault {
    pub const ALL: [Self; 15] = [
        Self::Refused,
        Self::BrokenBefore,
        Self::BrokenAfter,
        Self::Throttled,
        Self::CancelledByConflict,
        Self::CancelledByThrottling,
        Self::CancelledByThroughput,
        Self::CancelledByRequestLimit,
        Self::Unprocessed,
        Self::FailedBefore,
        Self::FailedAfter,
        Self::SilentBefore,
        Self::SilentAfter,
        Self::KilledBefore,
        Self::KilledAfter,
    ];

    /// Returns the cancellation reason of the item because of which a transaction is cancelled.
    pub(crate) fn cancellation(self) -> Option<&'static str> {
        match self {
            Self::CancelledByConflict => Some("TransactionConflict"),
            Self::CancelledByThrottling => Some("ThrottlingError"),
            Self::CancelledByThroughput => Some("ProvisionedThroughputExceeded"),
            Self::CancelledByRequestLimit => Some("RequestLimitExceeded"),
            _ => None,
        }
    }

    /// Returns whether the request had no effect and can be retried.
    pub(crate) fn is_throttling_or_conflict(self) -> bool {
        matches!(self, Self::Throttled | Self::Unprocessed) || self.cancellation().is_some()
    }

    /// Returns whether the connection hangs.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Self::SilentBefore | Self::SilentAfter)
    }
}

const CUSTOMERS: u64 = 3;
const KEYWORDS: [&str; 2] = ["STOP", "START"];
pub(crate) const STATUSES: [&str; 4] = ["booked", "confirmed", "declined", "cancelled"];

impl Scenario {
    /// Returns the scenario of a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let dice = &mut Rng::new(seed);
        let provider = if dice.percent(75) { ScenarioProvider::EndUserMessaging } else { ScenarioProvider::Sns };
        let length = dice.next_between(4, 16);
        // The stack is set up by then.
        let mut at = Duration::from_secs(1);
        let mut steps = Vec::new();
        for number in 0..u32::try_from(length).unwrap_or_default() {
            at += pause(dice);
            let what = Action::cast(dice);
            let troubles = if dice.percent(55) { troubles(dice, 3, 6) } else { Vec::new() };
            // Mostly the same company and customer, because faults show where actions meet.
            let company = usize::from(dice.percent(30));
            let customer =
                usize::try_from(if dice.percent(60) { 0 } else { dice.next_below(CUSTOMERS) }).unwrap_or_default();
            steps.push(Step { number, at, company, customer, what, troubles });
        }
        let stream = if dice.percent(50) { troubles(dice, 12, 6) } else { Vec::new() };
        let pushes = if dice.percent(50) { troubles(dice, 12, 12) } else { Vec::new() };
        let confirms = dice.percent(30);
        Self { seed, provider, confirms, steps, stream, pushes }
    }
}

/// Returns the time between two steps: tiny, or long enough to expire a cache, a session or the retention.
fn pause(dice: &mut Rng) -> Duration {
    const DAY: u64 = 24 * 60 * 60;
    match dice.next_below(100) {
        0..55 => Duration::from_millis(dice.next_below(40)),
        55..80 => Duration::from_millis(dice.next_below(3_000)),
        80..90 => Duration::from_secs(dice.next_between(50, 200)),
        90..95 => Duration::from_secs(dice.next_between(11 * 60 * 60, 13 * 60 * 60)),
        95..98 => Duration::from_secs(dice.next_between(29 * DAY, 31 * DAY)),
        _ => Duration::from_millis(30 * DAY * 1_000 - dice.next_below(3_000)),
    }
}

/// Returns delays, one for each repetition.
fn times(dice: &mut Rng, least: u64, most: u64) -> Vec<Duration> {
    let delay = |dice: &mut Rng| match dice.next_below(100) {
        0..60 => Duration::from_millis(dice.next_below(60)),
        60..85 => Duration::from_millis(dice.next_below(20_000)),
        85..98 => Duration::from_secs(dice.next_below(400)),
        _ => Duration::from_secs(dice.next_below(3 * 24 * 60 * 60)),
    };
    (0..dice.next_between(least, most)).map(|_| delay(dice)).collect()
}

fn troubles(dice: &mut Rng, attempts: u64, calls: u64) -> Vec<FaultPoint> {
    let mut troubles = Vec::new();
    for _ in 0..dice.next_between(1, 3) {
        let attempt = u32::try_from(dice.next_below(attempts)).unwrap_or_default();
        let call = u32::try_from(dice.next_below(calls)).unwrap_or_default();
        let fault = dice.pick(&Fault::ALL);
        // Some faults last for all retries of the SDK.
        let calls = if dice.percent(30) { 3 } else { 1 };
        for call in call..call + calls {
            if !troubles.iter().any(|known: &FaultPoint| (known.attempt, known.call) == (attempt, call)) {
                troubles.push(FaultPoint { attempt, call, fault });
            }
        }
    }
    troubles
}

impl Action {
    fn cast(dice: &mut Rng) -> Self {
        match dice.next_below(100) {
            0..30 => {
                let (line, copies) = (usize::from(dice.percent(30)), times(dice, 1, 3));
                let keyword = dice.percent(25).then(|| dice.pick(&KEYWORDS));
                Self::Text { keyword, line, copies }
            }
            30..33 => Self::SignsOut { asked: times(dice, 2, 5), after: Duration::from_millis(dice.next_below(60)) },
            33..56 => {
                let (first, again, delays) = (dice.percent(25), times(dice, 0, 2), times(dice, 0, 3));
                let receipts = delays.into_iter().map(|delay| (dice.pick(&Receipt::ALL), delay)).collect();
                Self::Reply { first, again, receipts }
            }
            56..60 => Self::Again { again: times(dice, 0, 2) },
            60..70 => Self::Call {
                pressed: dice
                    .percent(60)
                    .then(|| (dice.pick(&['1', '2', '3']), Duration::from_millis(dice.next_below(500)))),
                ended: times(dice, 0, 2),
            },
            70..78 => Self::Edit { status: dice.pick(&STATUSES), again: times(dice, 0, 1) },
            78..82 => Self::Read,
            82..86 => Self::Opens,
            86..88 => Self::CutOff,
            88..91 => Self::ComesBack,
            91..94 => Self::TurnsOn,
            94..96 => Self::TurnsOff,
            96..98 => Self::Malformed,
            _ => Self::Sweep,
        }
    }
}

impl Action {
    /// Returns shorter variants of this action, each with a part left out.
    pub(crate) fn shorter(&self) -> Vec<Self> {
        match self.clone() {
            Self::Text { keyword, line, copies } if copies.len() > 1 => {
                without_one(&copies).into_iter().map(|copies| Self::Text { keyword, line, copies }).collect()
            }
            Self::Again { again } => without_one(&again).into_iter().map(|again| Self::Again { again }).collect(),
            Self::Reply { first, again, receipts } => {
                let with = |again, receipts| Self::Reply { first, again, receipts };
                let repeats = without_one(&again).into_iter().map(|again| with(again, receipts.clone()));
                repeats
                    .chain(without_one(&receipts).into_iter().map(|receipts| with(again.clone(), receipts)))
                    .collect()
            }
            Self::SignsOut { asked, after } => {
                without_one(&asked).into_iter().map(|asked| Self::SignsOut { asked, after }).collect()
            }
            Self::Edit { status, again } => {
                without_one(&again).into_iter().map(|again| Self::Edit { status, again }).collect()
            }
            Self::Call { pressed, ended } => {
                without_one(&ended).into_iter().map(|ended| Self::Call { pressed, ended }).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Returns variants of the list. Each leaves out a different item.
fn without_one<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    let without = |place| all[..place].iter().chain(&all[place + 1..]).cloned().collect();
    (0..all.len()).map(without).collect()
}

impl Receipt {
    const ALL: [Self; 5] = [Self::Pending, Self::Sent, Self::Unreachable, Self::NotDelivered, Self::Delivered];

    /// Returns the service's event type, and whether it is final.
    pub(crate) fn event(self) -> (&'static str, bool) {
        match self {
            Self::Pending => ("TEXT_PENDING", false),
            Self::Sent => ("TEXT_SENT", false),
            Self::Unreachable => ("TEXT_UNREACHABLE", false),
            Self::NotDelivered => ("TEXT_UNREACHABLE", true),
            Self::Delivered => ("TEXT_DELIVERED", true),
        }
    }
}

pub(crate) const COMPANIES: [&str; 2] = ["harbor", "tidewater"];

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = match self.provider {
            ScenarioProvider::EndUserMessaging => "End User Messaging",
            ScenarioProvider::Sns => "SNS",
        };
        let confirms = if self.confirms { ", with opt-outs to be confirmed" } else { "" };
        writeln!(f, "seed {}, by {provider}{confirms}", self.seed)?;
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for FaultPoint { attempt, call, fault } in &self.stream {
            writeln!(f, "              in batch {attempt} of the stream, call {call} to AWS: {fault}")?;
        }
        for FaultPoint { attempt, call, fault } in &self.pushes {
            writeln!(
                f,
                "              in batch {attempt} of what is pushed, call {call} to AWS or a push service: {fault}"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (company, customer) = (COMPANIES[self.company], self.customer);
        write!(f, "{:>12}  {:>2}. ", ScenarioTime(self.at), self.number)?;
        match &self.what {
            Action::Text { keyword, line, copies } => {
                let what = keyword.map(|keyword| format!("{keyword} to ")).unwrap_or_default();
                let copies = DelayList(copies);
                write!(f, "customer {customer} texts {what}{company}'s line {line}; copies arrive after{copies}")
            }
            Action::Again { again } => {
                write!(f, "{company}'s staff send again what did not reach customer {customer}{}", RepeatList(again))
            }
            Action::Reply { first, again, receipts } => {
                let how = if *first { "write to" } else { "reply to" };
                write!(f, "{company}'s staff {how} customer {customer}{}", RepeatList(again))?;
                receipts.iter().try_for_each(|(receipt, delay)| {
                    let (event, is_final) = receipt.event();
                    let last = if is_final { ", the last word" } else { "" };
                    write!(f, "; {event}{last} is told {} after it is sent", ScenarioTime(*delay))
                })
            }
            Action::Call { pressed, ended } => {
                write!(f, "{company} calls customer {customer}")?;
                if let Some((digit, delay)) = pressed {
                    write!(f, "; after {} they press {digit}", ScenarioTime(*delay))?;
                }
                if !ended.is_empty() {
                    write!(f, "; its end is told after{}", DelayList(ended))?;
                }
                Ok(())
            }
            Action::Edit { status, again } => {
                write!(f, "{company}'s staff save customer {customer}'s appointment as {status}{}", RepeatList(again))
            }
            Action::Read => write!(f, "{company}'s staff read the feed and customer {customer}'s conversation"),
            Action::Opens => write!(f, "a screen of {company}'s opens"),
            Action::CutOff => write!(f, "{company}'s screens lose their connections"),
            Action::ComesBack => write!(f, "{company}'s screens come back"),
            Action::TurnsOn => write!(f, "{company}'s staff turn notifications on in a browser"),
            Action::TurnsOff => write!(f, "{company}'s staff turn notifications off in that browser"),
            Action::SignsOut { asked, after } => {
                write!(
                    f,
                    "somebody of {company}'s staff writes to a stranger after{}, and signs out after {}",
                    DelayList(asked),
                    ScenarioTime(*after)
                )
            }
            Action::Malformed => write!(f, "an invalid message arrives in the queue"),
            Action::Sweep => write!(f, "the table deletes what has expired"),
        }?;
        for FaultPoint { attempt, call, fault } in &self.troubles {
            write!(f, "\n                  in attempt {attempt}, call {call} to AWS: {fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the connection is refused",
            Self::BrokenBefore => "the connection breaks before it is taken",
            Self::BrokenAfter => "it is done, and the connection breaks",
            Self::Throttled => "it is throttled",
            Self::CancelledByConflict => "it meets a conflict (TransactionConflict)",
            Self::CancelledByThrottling => "one of its items is throttled (ThrottlingError)",
            Self::CancelledByThroughput => "one of its items is throttled (ProvisionedThroughputExceeded)",
            Self::CancelledByRequestLimit => "one of its items is throttled (RequestLimitExceeded)",
            Self::Unprocessed => "some of its keys are not processed",
            Self::FailedBefore => "it fails",
            Self::FailedAfter => "it is done, and said to have failed",
            Self::SilentBefore => "it is not taken, and never answered",
            Self::SilentAfter => "it is done, and never answered",
            Self::KilledBefore => "the function is killed before it",
            Self::KilledAfter => "the function is killed after it",
        })
    }
}

/// A time since the beginning of a scenario, printed as `2d 03:04:05.678`.
pub(crate) struct ScenarioTime(pub(crate) Duration);

impl fmt::Display for ScenarioTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, millis) = (self.0.as_secs(), self.0.subsec_millis());
        let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
        let text = match secs {
            0..60 => format!("{secs:02}.{millis:03}"),
            60..3_600 => format!("{minutes:02}:{:02}.{millis:03}", secs % 60),
            3_600..86_400 => format!("{hours:02}:{minutes:02}:{:02}.{millis:03}", secs % 60),
            _ => format!("{days}d {hours:02}:{minutes:02}:{:02}.{millis:03}", secs % 60),
        };
        f.pad(&text)
    }
}

struct DelayList<'a>(&'a [Duration]);

impl fmt::Display for DelayList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|delay| write!(f, " {}", ScenarioTime(*delay)))
    }
}

struct RepeatList<'a>(&'a [Duration]);

impl fmt::Display for RepeatList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; the same again after{}", DelayList(self.0)) }
    }
}
