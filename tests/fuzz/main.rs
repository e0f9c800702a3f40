//! Fuzz tests of each parser of untrusted input: no bytes make it panic, or use more memory than their length allows.
//!
//! Each parser has a folder in `corpus/` with valid inputs, and inputs that caused or could cause a failure. These are
//! tried unchanged, and then with thousands of random changes. An input that fails is made as small as possible and
//! saved in the folder. It is then tried first in each run, and should be committed.
//!
//! `PROPTEST_CASES=100000 cargo test --package tests --test fuzz` tries more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod account;
mod brought;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use account::Account;
use domain::{PhoneNumber, Position, Region, Scheme};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use peak_alloc::PeakAlloc;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::Value;
use tests::mutation::{changes, texts};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Runs the tests one after another, because memory is counted for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The largest payload of SQS, SNS and Lambda's asynchronous invocation, in bytes. API Gateway allows more, but the
/// same code parses it.
const LARGEST: usize = 256 * 1024;

/// The memory that a parser may use per byte of input, in bytes. Twice that of the worst input: a form of short
/// fields only.
const FOR_EACH_BYTE: usize = 64;
/// The memory in bytes that a parser may use whatever the input: that of a few SDK requests.
const BASELINE_BYTES: usize = 256 * 1024;

/// Parses an input and fails if it was not handled correctly.
type ParserCheck = fn(&Account, &str, &[u8]) -> Result<(), TestCaseError>;

struct Reader {
    /// The name of the parser, which is also the name of its folder in `corpus/`.
    name: &'static str,
    /// The number of cases to try, as a multiple of `PROPTEST_CASES`, whose default is 256. Fast parsers try more.
    times: u32,
    reads: ParserCheck,
}

/// All parsers of untrusted input.
const READERS: [Reader; 12] = [
    reader("contact-event", 32, |account, words, _| account.takes("confirmation-call", &brought::by_queue(words))),
    reader("contact-flow", 32, |account, words, _| account.takes("confirmation-call", &brought::json(words))),
    reader("cookie", 8, reads_a_cookie),
    reader("event", 8, |account, words, _| {
        let event = brought::batch(words);
        brought::FUNCTIONS.iter().try_for_each(|function| account.takes(function, &event))
    }),
    reader("form", 4, |account, _, bytes| account.answers(brought::FORMS.iter().map(|to| to.form(bytes)))),
    reader("frame", 32, |account, words, _| account.takes("live-connection", &brought::frame(words))),
    reader("inbound-sms", 32, |account, words, _| {
        account.takes("inbound-sms", &brought::by_queue(words))?;
        account.takes("inbound-sms", &brought::by_topic(words))
    }),
    reader("json", 8, |account, _, bytes| account.answers(brought::FORMS.iter().map(|to| to.json(bytes)))),
    reader("page-token", 32, reads_a_page_token),
    reader("parameter", 4, |account, words, _| {
        account.answers(brought::PARAMETERS.iter().map(|(to, parameter)| to.with_parameter(parameter, words)))
    }),
    reader("phone-number", 4, reads_a_phone_number),
    reader("receipt", 32, |account, words, _| account.takes("delivery-receipt", &brought::by_queue(words))),
];

const fn reader(name: &'static str, times: u32, reads: ParserCheck) -> Reader {
    Reader { name, times, reads }
}

fn reads_a_cookie(account: &Account, words: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut headers = HeaderMap::new();
    if let Ok(cookie) = HeaderValue::from_bytes(bytes) {
        headers.insert(COOKIE, cookie);
        let token = web::session_token(Scheme::Https, web::cookies(&headers));
        prop_assert!(token.is_none_or(|token| !token.is_empty() && !web::token_hash(&token).to_string().is_empty()));
    }
    account.takes("authorize", &brought::cookie(words))?;
    account.answers([brought::callback(words)].into_iter())
}

fn reads_a_page_token(_: &Account, words: &str, _: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(position) = words.parse::<Position>() {
        prop_assert_eq!(position.to_string(), words);
        prop_assert!(position.predecessor() <= position && position <= position.successor());
    }
    Ok(())
}

fn reads_a_phone_number(_: &Account, words: &str, _: &[u8]) -> Result<(), TestCaseError> {
    // Parsing a phone number is the slowest test here, so each input is parsed for one country only.
    let region = ["US", "AU", "DE", "AR"][words.len() % 4];
    let region: Region = region.parse().unwrap();
    if let Ok(number) = PhoneNumber::mobile(words, region) {
        let e164 = PhoneNumber::e164(number.as_str());
        prop_assert_eq!(e164.as_ref(), Ok(&number));
        prop_assert!(!number.shown_in(region).is_empty());
    }
    if let Ok(number) = PhoneNumber::e164(words) {
        prop_assert_eq!(number.as_str(), words);
        let subscriber = PhoneNumber::subscriber(words).unwrap();
        prop_assert_eq!(PhoneNumber::subscriber(subscriber.as_str()), Ok(subscriber), "has one number");
        prop_assert!(number.country().is_none_or(|region| !number.shown_in(region).is_empty()));
    }
    Ok(())
}

/// A change to bytes: a range of them is replaced.
#[derive(Clone, Debug)]
struct ByteMutation {
    from: Index,
    until: Index,
    put: Vec<u8>,
}

impl ByteMutation {
    fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let (one, other) = (self.from.index(bytes.len() + 1), self.until.index(bytes.len() + 1));
        [&bytes[..one.min(other)], &self.put, &bytes[one.max(other)..]].concat()
    }
}

fn cuts() -> impl Strategy<Value = ByteMutation> {
    let put = prop_oneof![
        4 => texts().prop_map(String::into_bytes),
        4 => vec(any::<u8>(), 0..8),
        1 => select(&["[", "[],", "{\"a\":", "9", "\\u0041", "%41", "a=b&", "a=b;", "+", "é"][..])
            .prop_map(|piece| piece.repeat(LARGEST / piece.len()).into_bytes()),
    ];
    (any::<Index>(), any::<Index>(), put).prop_map(|(from, until, put)| ByteMutation { from, until, put })
}

/// Returns a strategy for changed inputs of a corpus.
fn broken(corpus: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let json: Vec<Value> = corpus.iter().filter_map(|words| serde_json::from_slice(words).ok()).collect();
    let cut = (select(corpus.to_vec()), vec(cuts(), 1..4))
        .prop_map(|(words, cuts)| cuts.iter().fold(words, |words, cut| cut.apply(&words)));
    let changed = |json: Vec<Value>| {
        (select(json), vec(changes(), 1..4)).prop_map(|(mut words, changes)| {
            for change in changes {
                change.happens_to(&mut words);
            }
            words.to_string().into_bytes()
        })
    };
    let any = vec(any::<u8>(), 0..64);
    let words = if json.is_empty() {
        prop_oneof![8 => cut, 1 => any].boxed()
    } else {
        prop_oneof![4 => cut, 4 => changed(json), 1 => any].boxed()
    };
    words.prop_map(|mut words| {
        words.truncate(LARGEST);
        words
    })
}

/// Fails if an input makes a parser panic or use more memory than its length allows.
fn holds(reads: ParserCheck, account: &Account, bytes: &[u8]) -> Result<(), TestCaseError> {
    let words = String::from_utf8_lossy(bytes);
    let memory_of_reading = || {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let read = catch_unwind(AssertUnwindSafe(|| reads(account, &words, bytes)));
        // The test runner's other threads can free memory meanwhile, so the difference saturates.
        let taken = MEMORY.peak_usage().saturating_sub(before);
        read.map_err(|_| TestCaseError::fail("it panics"))?.map(|()| taken)
    };
    let allowed = BASELINE_BYTES + FOR_EACH_BYTE * bytes.len();
    // Data that is loaded once, such as a country's numbering plan, is only counted the first time.
    let mut taken = memory_of_reading()?;
    if taken > allowed {
        taken = memory_of_reading()?;
    }
    prop_assert!(taken <= allowed, "{} bytes of memory for {} bytes", taken, bytes.len());
    Ok(())
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// Tests a parser, first with the inputs of its corpus and then with changed ones.
fn run_reader(name: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Reader { times, reads, .. } = READERS.into_iter().find(|reader| reader.name == name).unwrap();
    let folder = corpora().join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let account = Account::open();
    for (file, words) in files.iter().zip(&corpus) {
        holds(reads, &account, words).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
    }
    let known = Config::default();
    let config = Config { cases: times * known.cases, failure_persistence: None, ..known };
    match TestRunner::new(config).run(&broken(&corpus), |words| holds(reads, &account, &words)) {
        Ok(()) => {}
        Err(TestError::Fail(wrong, words)) => {
            let kept = folder.join(format!("failed-{}", web::token_hash(&String::from_utf8_lossy(&words))));
            fs::write(&kept, &words).unwrap();
            panic!("{wrong}: of {}, to be committed", kept.display());
        }
        Err(aborted) => panic!("{aborted}"),
    }
}

macro_rules! readers {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                run_reader($name);
            }
        )*
        const TESTED: &[&str] = &[$($name),*];
    };
}

readers! {
    a_contact_event_is_read_or_refused_whatever_it_is: "contact-event",
    a_contact_flow_is_answered_whatever_it_says: "contact-flow",
    a_cookie_is_a_sessions_or_nobodys_whatever_it_is: "cookie",
    an_event_is_taken_or_refused_whatever_it_is: "event",
    a_form_is_read_or_refused_whatever_it_is: "form",
    a_frame_is_answered_or_dropped_whatever_it_is: "frame",
    an_inbound_sms_is_read_or_refused_whatever_it_is: "inbound-sms",
    a_body_of_json_is_read_or_refused_whatever_it_is: "json",
    a_page_token_is_a_place_or_none_whatever_it_is: "page-token",
    a_parameter_is_read_or_refused_whatever_it_is: "parameter",
    a_number_is_read_or_refused_whatever_it_is: "phone-number",
    a_receipt_is_read_or_refused_whatever_it_is: "receipt",
}

#[test]
fn every_reader_has_a_corpus_and_is_tried() {
    let readers: BTreeSet<_> = READERS.iter().map(|reader| reader.name.to_owned()).collect();
    let folders = fs::read_dir(corpora()).unwrap().map(|folder| folder.unwrap().file_name().into_string().unwrap());
    assert_eq!(readers, folders.collect());
    assert_eq!(readers, TESTED.iter().map(|name| (*name).to_owned()).collect());
}
