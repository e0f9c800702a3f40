//! What happens in a run, and what goes wrong in it: a list that can be told, shortened and played again.

use std::fmt;
use std::time::Duration;

use crate::rng::Rng;

/// Everything that a run is made of. The same story is the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub seed: u64,
    pub provider: ScenarioProvider,
    /// Whether the service leaves it to us to confirm opt-outs.
    pub confirms: bool,
    pub steps: Vec<Step>,
    /// What goes wrong where something follows from the table's stream: the attempt is the batch's number.
    pub stream: Vec<FaultPoint>,
    /// The same where browsers are notified, by the stream or by the queue of what is to be tried again.
    pub pushes: Vec<FaultPoint>,
}

/// Which service outbound SMS leave by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScenarioProvider {
    EndUserMessaging,
    Sns,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Stays the same in a story that was shortened.
    pub number: u32,
    /// Since the story began.
    pub at: Duration,
    pub company: usize,
    pub customer: usize,
    pub what: Action,
    pub troubles: Vec<FaultPoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A customer texts a line: words of their own, or a keyword that opts out or in. Its copies reach the queue so
    /// much later each.
    Text {
        keyword: Option<&'static str>,
        line: usize,
        copies: Vec<Duration>,
    },
    /// Staff answer; the same request comes again so much later each, and what became of the message is told so much
    /// after it was sent.
    Reply {
        first: bool,
        again: Vec<Duration>,
        receipts: Vec<(Receipt, Duration)>,
    },
    /// Staff send again what did not go out, or what nobody knows of; and press so much later once more.
    Again {
        again: Vec<Duration>,
    },
    /// A customer is called about their appointment: what they press, and how the call ends, come so much later.
    Call {
        pressed: Option<(char, Duration)>,
        ended: Vec<Duration>,
    },
    /// Staff give a customer an appointment, or change it.
    Edit {
        status: &'static str,
        again: Vec<Duration>,
    },
    /// Staff look at the feed and at the conversation.
    Read,
    /// A screen opens, loses its connection, or comes back.
    Opens,
    CutOff,
    ComesBack,
    /// Somebody wants to be notified in a browser, or no more.
    TurnsOn,
    TurnsOff,
    /// A member of staff signs in in another browser and sends a message to a stranger after each delay of `asked`. They
    /// sign out after `after`.
    SignsOut {
        asked: Vec<Duration>,
        after: Duration,
    },
    /// Something that is no SMS reaches the queue.
    Malformed,
    /// The table deletes what has expired.
    Sweep,
}

/// What End User Messaging tells of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Pending,
    Sent,
    /// Not yet.
    Unreachable,
    NotDelivered,
    Delivered,
}

/// A call to AWS that does not go as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPoint {
    /// Which invocation made for the step, from 0.
    pub attempt: u32,
    /// Which call of that invocation, from 0.
    pub call: u32,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused.
    Refused,
    /// The connection breaks before the request is taken, or before its answer is.
    BrokenBefore,
    BrokenAfter,
    /// The service says that it is too much.
    Throttled,
    /// A transaction is cancelled because of one of its items; a single write meets a conflict. Anything else is throttled.
    CancelledByConflict,
    CancelledByThrottling,
    CancelledByThroughput,
    CancelledByRequestLimit,
    /// A `BatchGetItem` is answered without some of its keys, or without any. Anything else is throttled.
    Unprocessed,
    /// The service says that it failed, which is true, or not.
    FailedBefore,
    FailedAfter,
    /// No answer ever comes.
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

    /// The reason that a transaction's answer gives for the item that it is cancelled because of.
    pub(crate) fn cancellation(self) -> Option<&'static str> {
        match self {
            Self::CancelledByConflict => Some("TransactionConflict"),
            Self::CancelledByThrottling => Some("ThrottlingError"),
            Self::CancelledByThroughput => Some("ProvisionedThroughputExceeded"),
            Self::CancelledByRequestLimit => Some("RequestLimitExceeded"),
            _ => None,
        }
    }

    /// Whether the service says that it was not done, and may be asked again.
    pub(crate) fn is_throttling_or_conflict(self) -> bool {
        matches!(self, Self::Throttled | Self::Unprocessed) || self.cancellation().is_some()
    }

    /// Whether a connection hangs.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Self::SilentBefore | Self::SilentAfter)
    }
}

const CUSTOMERS: u64 = 3;
const KEYWORDS: [&str; 2] = ["STOP", "START"];
pub(crate) const STATUSES: [&str; 4] = ["booked", "confirmed", "declined", "cancelled"];

impl Scenario {
    /// The story that a seed stands for.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let dice = &mut Rng::new(seed);
        let provider = if dice.percent(75) { ScenarioProvider::EndUserMessaging } else { ScenarioProvider::Sns };
        let length = dice.next_between(4, 16);
        // By then everybody has moved in.
        let mut at = Duration::from_secs(1);
        let mut steps = Vec::new();
        for number in 0..u32::try_from(length).unwrap_or_default() {
            at += pause(dice);
            let what = Action::cast(dice);
            let troubles = if dice.percent(55) { troubles(dice, 3, 6) } else { Vec::new() };
            // Mostly the same company and customer: what meets is what matters.
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

/// Between two steps: hardly anything, or across a border of a cache, of a session, or of the retention.
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

/// So much later, once for each time that something comes.
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
        // Some go on for as long as the SDK tries.
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
    /// The same with less in it.
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

/// A list with each of its items left out in turn.
fn without_one<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    let without = |place| all[..place].iter().chain(&all[place + 1..]).cloned().collect();
    (0..all.len()).map(without).collect()
}

impl Receipt {
    const ALL: [Self; 5] = [Self::Pending, Self::Sent, Self::Unreachable, Self::NotDelivered, Self::Delivered];

    /// As the service names it, and whether it is its last word.
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
            Action::Malformed => write!(f, "something that is no SMS comes to the queue"),
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

/// A time of a story: `2d 03:04:05.678`.
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
