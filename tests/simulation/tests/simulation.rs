#![allow(clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use simulation::{Action, Invariant, Run, Scenario, Step, Violation, each_seed, judge, play, shrink};

const SEEDS: u64 = 500;

#[test]
fn every_claim_holds_of_every_story() {
    let (events, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    each_seed(0..SEEDS, |seed| {
        let run = play(&Scenario::from_seed(seed));
        events.fetch_add(run.trace.len(), Ordering::Relaxed);
        failed.lock().unwrap().extend(run.broken.first().map(|broken| (seed, broken.invariant)));
        true
    });
    eprintln!("{SEEDS} seeds and {} events", events.into_inner());
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    if let Some((seed, invariant)) = failed.first() {
        let is_broken = |story: &Scenario| play(story).broken.iter().any(|broken| broken.invariant == *invariant);
        let story = shrink(&Scenario::from_seed(*seed), is_broken);
        let Run { broken, trace, .. } = play(&story);
        panic!(
            "{} of {SEEDS} seeds, seed {seed}: not so: {invariant}\n{broken:?}\n{story}\n{}",
            failed.len(),
            trace.join("\n")
        );
    }
}

#[test]
fn the_same_seed_is_the_same_run_to_the_letter() {
    for seed in 0..10 {
        let [one, other] = [0, 1].map(|_| play(&Scenario::from_seed(seed)));
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(format!("{:?}", one.seen.feeds), format!("{:?}", other.seen.feeds), "seed {seed}");
    }
}

#[test]
fn a_story_shrinks_to_what_is_needed_for_it_to_fail() {
    let nothing_was_told = |story: &Scenario| play(story).seen.told.iter().any(|(_, _, status, _)| status.is_none());
    let story = (0..SEEDS).map(Scenario::from_seed).find(nothing_was_told).unwrap();
    let short = shrink(&story, nothing_was_told);
    assert!(nothing_was_told(&short));
    assert!(short.steps.len() < story.steps.len());
    assert_eq!(short.steps.iter().map(|step| step.troubles.len()).sum::<usize>(), 1, "{short}");
    assert!(short.stream.is_empty(), "{short}");
}

/// Returns a run in which each invariant has something to check.
fn eventful() -> (Vec<Step>, Run) {
    let all = [
        |step: &Step| matches!(step.what, Action::Text { .. }) && step.company == 0,
        |step: &Step| matches!(step.what, Action::Reply { .. }) && step.company == 0,
        |step: &Step| matches!(step.what, Action::Call { pressed: Some(_), .. }),
        |step: &Step| matches!(step.what, Action::Edit { .. }),
        |step: &Step| matches!(step.what, Action::Opens),
    ];
    let is_full = |run: &Run| {
        let replied = run.seen.told.iter().any(|(_, _, status, _)| *status == Some(201));
        let shown = run.seen.screens.iter().any(|(company, _, missed)| !missed && !run.seen.feeds[*company].is_empty());
        let told = run.seen.given_up.is_empty() && !run.seen.push_goes_wrong;
        replied && shown && told && run.seen.feeds[0].len() > 1
    };
    (0..SEEDS)
        .map(Scenario::from_seed)
        .filter(|story| all.iter().all(|kind| story.steps.iter().any(kind)))
        .map(|story| (story.steps.clone(), play(&story)))
        .find(|(_, run)| is_full(run) && run.broken.is_empty())
        .unwrap_or_else(|| panic!("nothing happens in any story"))
}

#[test]
fn each_claim_is_seen_to_fail() {
    let (steps, run) = eventful();
    let judged = |change: &dyn Fn(&mut Run)| {
        let mut changed = run.clone();
        change(&mut changed);
        let broken = judge(&steps, &changed.accepted, &changed.seen);
        broken.into_iter().map(|Violation { invariant, .. }| invariant).collect::<Vec<_>>()
    };
    assert_eq!(judged(&|_| ()), []);
    let sent = run.seen.told.iter().find(|(_, _, status, _)| *status == Some(201)).unwrap().0;
    let (company, customer) = (steps[sent].company, steps[sent].customer);
    let reply = format!("words {} at {}", steps[sent].number, ["harbor", "tidewater"][company]);
    let is_reply = |item: &serde_json::Value| item["text"] == *reply;
    let fails = |invariant: Invariant, change: &dyn Fn(&mut Run)| {
        assert!(judged(change).contains(&invariant), "{invariant} was not seen to fail");
    };
    fails(Invariant::Conversation, &|run| run.seen.threads.values_mut().for_each(Vec::clear));
    fails(Invariant::Feed, &|run| run.seen.feeds[0].retain(|item| item["kind"] != "sms"));
    fails(Invariant::Order, &|run| run.seen.feeds[0].swap(0, 1));
    fails(Invariant::Unanswered, &|run| run.seen.feeds[0][0]["unanswered"] = json!(77));
    fails(Invariant::Shown, &|run| {
        let thread = run.seen.threads.get_mut(&(company, customer)).unwrap();
        let replies = thread.iter_mut().filter(|item| is_reply(item));
        replies.for_each(|item| item["reason"] = json!("Not sent: too many texts at once."));
    });
    fails(Invariant::CarriedOnce, &|run| run.seen.carried.get_mut(&customer).unwrap().push(reply.clone()));
    fails(Invariant::CarriedOnce, &|run| run.seen.taken = vec!["a message".to_owned(); 2]);
    fails(Invariant::OptedOut, &|run| {
        let is_sent = |record: &&serde_json::Value| record["dynamodb"]["NewImage"]["text"]["S"] == *reply;
        let pk = run.seen.written.iter().find(is_sent).unwrap()["dynamodb"]["NewImage"]["pk"].clone();
        let image = json!({"pk": pk, "sk": {"S": "OPTOUT"}, "state": {"S": "out"}});
        run.seen.written.insert(0, json!({"eventName": "INSERT", "dynamodb": {"NewImage": image}}));
    });
    fails(Invariant::ToldTruly, &|run| run.seen.carried.get_mut(&customer).unwrap().retain(|text| *text != reply));
    fails(Invariant::Saved, &|run| run.seen.written.clear());
    fails(Invariant::Calls, &|run| {
        let calls = run.seen.threads.values_mut().flatten().filter(|item| item["kind"] == "call");
        calls.for_each(|item| item["outcome"] = json!("voicemail"));
    });
    fails(Invariant::Announced, &|run| run.seen.announced.iter_mut().for_each(Vec::clear));
    fails(Invariant::Pushed, &|run| run.seen.pushed.clear());
    fails(Invariant::PushedNoMore, &|run| run.seen.turns = vec![("harbor-0".to_owned(), false, 0, Some(1))]);
    fails(Invariant::History, &|run| run.seen.histories.clear());
    fails(Invariant::Companies, &|run| run.seen.announced[1].push("something of harbor".to_owned()));
    fails(Invariant::Screens, &|run| run.seen.screens.iter_mut().for_each(|(_, shown, _)| shown.clear()));
    fails(Invariant::InTime, &|run| run.seen.late.push("a text waits for its next delivery".to_owned()));
    fails(Invariant::SignedIn, &|run| run.seen.told.push((sent, company, Some(401), String::new())));
    fails(Invariant::SignedOut, &|run| {
        run.seen.signed_out.push((sent, "SESSION#x".to_owned()));
        run.seen.written.insert(0, json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": "SESSION#x"}}}}));
    });
    fails(Invariant::DeadLetters, &|run| run.seen.dead.push(Some(sent)));
}

/// Checks that the mutations still apply. Otherwise nobody would notice that an invariant is no longer seen to fail.
#[test]
fn each_mutation_applies_to_the_code_and_names_an_invariant() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let patches = std::fs::read_dir(here.join("mutations")).unwrap().map(|entry| entry.unwrap().path());
    let patches: Vec<_> = patches.filter(|path| path.extension().is_some_and(|it| it == "patch")).collect();
    assert!(patches.len() > 10);
    for patch in &patches {
        let text = std::fs::read_to_string(patch).unwrap();
        let invariant = text.lines().find_map(|line| line.strip_prefix("Invariant: ")).unwrap();
        assert!(Invariant::ALL.iter().any(|it| format!("{it:?}") == invariant), "{}: {invariant}", patch.display());
        let checks = ["apply", "--check"].map(str::to_owned).into_iter().chain([patch.display().to_string()]);
        let checked = Command::new("git").args(checks).current_dir(here.join("../..")).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
