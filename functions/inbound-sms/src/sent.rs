//! What records carry, and when it was sent.

use std::collections::HashMap;

use domain::{Sender, Timestamp};
use sms::{InboundSms, Malformed};

use crate::event::{Carried, Record};

pub(crate) struct Sent {
    pub(crate) sms: InboundSms,
    pub(crate) at: Timestamp,
}

/// Reads records in their order.
pub(crate) fn read(records: &[Record], now: Timestamp) -> Vec<Result<Sent, Malformed>> {
    let mut at_once = HashMap::new();
    records.iter().map(|record| Ok(after_the_others(&mut at_once, read_one(record, now)?))).collect()
}

fn read_one(record: &Record, now: Timestamp) -> Result<Sent, Malformed> {
    let sms = match &record.carried {
        Carried::ByQueue { body } => InboundSms::from_queue(body)?,
        Carried::ByTopic { message, timestamp } => InboundSms::from_topic(message, timestamp.as_deref())?,
    };
    // A time in the future would keep a message above all later ones.
    let at = sms.received.or(record.queued).map_or(now, |received| received.min(now));
    Ok(Sent { sms, at })
}

/// Puts texts that one customer sent in the same millisecond one millisecond apart, in the order of the batch. Without this a
/// hash would decide whether STOP or START came last. A copy of a text gets the time of the first.
fn after_the_others(at_once: &mut HashMap<(Sender, Timestamp), Vec<String>>, sent: Sent) -> Sent {
    let ids = at_once.entry((sent.sms.from.clone(), sent.at)).or_default();
    let before = ids.iter().take_while(|id| **id != sent.sms.id).count();
    if before == ids.len() {
        ids.push(sent.sms.id.clone());
    }
    let at = Timestamp::from_millis(sent.at.as_millis() + before as u64);
    Sent { at, ..sent }
}
