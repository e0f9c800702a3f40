//! The checker, which compares the observations with the invariants.

mod messages;
mod pushes;
mod records;
mod staff;

use domain::{Retention, Timestamp};
use serde_json::Value;

use super::{Invariant, Observations, Violation};
use crate::scenario::{Action, COMPANIES, Step};
use crate::world::browsers_of;

/// Returns the violated invariants of a run, from the observations at its end.
#[must_use]
pub fn judge(steps: &[Step], accepted: &[(usize, u64)], seen: &Observations) -> Vec<Violation> {
    let mut checker = Checker { steps, accepted, seen, broken: Vec::new() };
    checker.texts();
    checker.order();
    checker.unanswered();
    checker.replies();
    checker.opted_out();
    checker.check_saved();
    checker.calls();
    checker.announced();
    checker.pushed();
    checker.pushed_no_more();
    checker.history();
    checker.companies();
    checker.screens();
    checker.in_time();
    checker.signed_in();
    checker.signed_out();
    checker.dead_letters();
    checker.broken
}

struct Checker<'a> {
    steps: &'a [Step],
    /// The inbound messages that reached a queue: the step, and when the SMS service accepted them.
    accepted: &'a [(usize, u64)],
    seen: &'a Observations,
    broken: Vec<Violation>,
}

impl Checker<'_> {
    fn finds(&mut self, invariant: Invariant, shown_by: String) {
        self.broken.push(Violation { invariant, shown_by });
    }

    /// Returns whether an entry of this time is within the retention. Returns `None` within a minute of the limit,
    /// where both are correct.
    fn is_kept(&self, at: u64) -> Option<bool> {
        const MARGIN_MILLIS: u64 = 60_000;
        let floor = Retention::default().oldest_position(Timestamp::from_millis(self.seen.now)).at.as_millis();
        if at > floor + MARGIN_MILLIS {
            Some(true)
        } else if at + MARGIN_MILLIS < floor {
            Some(false)
        } else {
            None
        }
    }

    fn was_told(&self, place: usize, status: u16) -> bool {
        self.seen.told.iter().any(|(of, _, told, _)| *of == place && [Some(status), Some(202), None].contains(told))
    }

    /// Returns whether the last attempt of a step is certainly within the retention.
    fn was_within(&self, place: usize) -> bool {
        let began = self.seen.now.saturating_sub(self.since(place));
        self.is_kept(began) == Some(true)
    }

    /// Returns an upper bound of the time from a step to the end of the run, in milliseconds. A run lasts up to four
    /// days after its last step.
    fn since(&self, place: usize) -> u64 {
        let end = self.steps.last().map_or(0, |last| last.at.as_millis());
        u64::try_from(end - self.steps[place].at.as_millis()).unwrap_or(u64::MAX) + 4 * 24 * 3_600_000
    }

    fn companies(&mut self) {
        let seen = self.seen;
        for (company, own) in COMPANIES.iter().enumerate() {
            let told = seen.told.iter().filter(|(_, of, ..)| *of == company).map(|(_, _, _, body)| body.clone());
            let feed = seen.feeds[company].iter().map(Value::to_string);
            let threads = seen.threads.iter().filter(|((of, _), _)| *of == company);
            let threads = threads.flat_map(|(_, items)| items.iter().map(Value::to_string));
            let shown = seen.announced[company].iter().cloned();
            let screens = seen.screens.iter().filter(|(of, ..)| *of == company).flat_map(|(_, shown, _)| shown.clone());
            let pushed = browsers_of(company).into_iter().filter_map(|browser| seen.pushed.get(&browser));
            let pushed = pushed.flatten().map(Value::to_string);
            let histories = seen.histories.iter().filter(|((of, _), _)| *of == company);
            let histories = histories.flat_map(|(_, items)| items.iter().map(Value::to_string));
            let all = told.chain(feed).chain(threads).chain(shown).chain(screens).chain(pushed).chain(histories);
            for (what, other) in all.flat_map(|what| COMPANIES.iter().map(move |other| (what.clone(), other))) {
                if other != own && what.contains(other) {
                    self.finds(Invariant::Companies, format!("{own} was shown something of {other}"));
                    break;
                }
            }
        }
    }

    /// Checks that each connected screen has shown each entry of the feed, from a frame or a refresh.
    fn screens(&mut self) {
        for (company, shown, missed) in &self.seen.screens {
            let all = |id: &str| shown.iter().any(|html| html.contains(&format!("id=\"notification-{id}\"")));
            for item in self.seen.feeds[*company].iter().filter(|_| !missed && self.seen.given_up.is_empty()) {
                let id = item["id"].as_str().unwrap_or_default();
                if !all(id) {
                    self.finds(Invariant::Screens, format!("a screen of {} never showed {id}", COMPANIES[*company]));
                }
            }
        }
    }

    fn in_time(&mut self) {
        let seen = self.seen;
        seen.late.iter().for_each(|late| self.finds(Invariant::InTime, late.clone()));
    }

    /// Reports each response with status 401. The simulated staff sign in again before a request if their session has
    /// ended.
    fn signed_in(&mut self) {
        for (place, ..) in self.seen.told.iter().filter(|(_, _, status, _)| *status == Some(401)) {
            let number = self.steps[*place].number;
            self.finds(Invariant::SignedIn, format!("in step {number} staff were told that they are not signed in"));
        }
    }

    fn dead_letters(&mut self) {
        for (place, step) in self.steps.iter().enumerate() {
            let dead = self.seen.dead.contains(&Some(place));
            if dead != matches!(step.what, Action::Malformed) {
                let is = if dead { "is" } else { "is not" };
                self.finds(Invariant::DeadLetters, format!("what came in step {} {is} there", step.number));
            }
        }
        if self.seen.dead.contains(&None) {
            self.finds(Invariant::DeadLetters, "a push that was to be tried again is there".to_owned());
        }
    }
}
