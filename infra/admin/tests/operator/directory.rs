//! Tests the effect of adding and removing companies, lines and staff on staff and customers.

use serde_json::json;
use tests::{Call, FaultyIssuer, HARBOR, HARBOR_SECOND, IssuerBehaviour, TIDEWATER, TestStack};

use crate::command::{everything, listed, on};

const ELM: [&str; 11] = [
    "company",
    "add",
    "elm-vets",
    "--name",
    "Elm Vets",
    "--region",
    "us",
    "--time-zone",
    "America/Los_Angeles",
    "--line",
    "(206) 555-0188",
];
const ANA: [&str; 9] =
    ["staff", "add", "ana", "--company", "elm-vets", "--name", "Ana Reyes", "--email", "Ana@Elm.example"];

#[tokio::test(flavor = "multi_thread")]
async fn a_new_company_receives_messages_of_its_customers() {
    let stack = TestStack::open().await;
    let added = on(&stack, &ELM).await.succeeds();
    assert!(added.contains("Elm Vets") && added.contains("+12065550188 ((206) 555-0188)"), "{added}");
    on(&stack, &["line", "add", "206.555.0199", "--company", "elm-vets"]).await.succeeds();
    let added = on(&stack, &ANA).await.succeeds();
    assert!(added.contains("email ana@elm.example"), "{added}");

    stack.phone("+14255550182").texts("+12065550188", "Is Rex ready?").await;
    stack.phone("+14255550183").texts("+12065550199", "And Luna?").await;
    let ana = stack.sign_in("elm-vets.ana").await;
    assert_eq!(ana.notifications().await.texts(), ["And Luna?", "Is Rex ready?"]);
    assert!(stack.dana().await.notifications().await.items().is_empty(), "it is nobody else's");
    assert_eq!(
        listed(&stack, &["company", "list"]).await[0],
        json!({
            "id": "elm-vets", "name": "Elm Vets", "region": "US", "time_zone": "America/Los_Angeles",
            "line": "+12065550188", "contact": null, "lines": 2, "staff": 1,
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_help_has_the_contact_that_an_operator_sets() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let set = on(&stack, &["company", "contact", "harbor-dental", " 1 Harbor Lane, (206) 555-0100 "]).await.succeeds();
    let help = "Harbor Dental. For help: 1 Harbor Lane, (206) 555-0100. Reply STOP to unsubscribe.";
    assert!(set.contains(help), "{set}");
    let maria = stack.phone("+14255550182");
    maria.texts(HARBOR, "HELP").await;
    assert_eq!(maria.texts_received().await, [help]);
    let removed = on(&stack, &["company", "contact", "harbor-dental"]).await.succeeds();
    assert!(removed.contains("For help: (206) 555-0142."), "{removed}");
    assert_eq!(listed(&stack, &["company", "list"]).await[0]["contact"], json!(null));
    for wrong in ["", " ", "one\nline", &"x".repeat(101)] {
        let refused = on(&stack, &["company", "contact", "harbor-dental", wrong]).await;
        assert_eq!(refused.code, 2, "as of every argument that cannot be read");
        assert!(refused.err.contains("1 to 100 characters, on one line"), "{}", refused.err);
    }
    let nobody = on(&stack, &["company", "contact", "nobody", "(206) 555-0100"]).await.fails();
    assert!(nobody.contains("no company"), "{nobody}");
    let mut with_contact = ELM.to_vec();
    with_contact.extend(["--contact", "elm.example"]);
    on(&stack, &with_contact).await.succeeds();
    assert_eq!(listed(&stack, &["company", "list"]).await[0]["contact"], "elm.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_aligned_and_complete() {
    let stack = TestStack::open().await;
    assert_eq!(
        on(&stack, &["line", "list"]).await.succeeds(),
        "COMPANY           NUMBER        SHOWN AS        FIRST LINE\n\
         harbor-dental     +12065550142  (206) 555-0142  yes\n\
         harbor-dental     +12065550167  (206) 555-0167\n\
         tidewater-physio  +61491570006  0491 570 006    yes\n"
    );
    assert_eq!(
        on(&stack, &["staff", "list", "--company", "tidewater-physio"]).await.succeeds(),
        "COMPANY           ID     NAME          LOGIN                                 ADMINISTRATOR\n\
         tidewater-physio  josie  Josie Nguyen  email josie@tidewater-physio.example  yes\n\
         tidewater-physio  tom    Tom Hale      email tom@tidewater-physio.example\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_and_revokes_administrators() {
    let stack = TestStack::open().await;
    let conversation = stack.dana().await.hears_from("+14255550182").await;
    let history = format!("/api/conversations/{conversation}/history");
    let marcus = async || stack.sign_in("harbor-dental.marcus").await.get(&history).await.status;
    let administers = ["staff", "administers", "marcus", "--company", "harbor-dental"];
    assert_eq!(marcus().await, 404);
    on(&stack, &administers).await.succeeds();
    assert_eq!(marcus().await, 200);
    on(&stack, &[&administers[..], &["--no-longer"]].concat()).await.succeeds();
    assert_eq!(marcus().await, 404);
    let refused = on(&stack, &["staff", "administers", "nobody", "--company", "harbor-dental"]).await.fails();
    assert!(refused.contains("no member of staff with that id"), "{refused}");

    on(&stack, &ELM).await.succeeds();
    on(&stack, &[&ANA[..], &["--administrator"]].concat()).await.succeeds();
    let ana = stack.sign_in("elm-vets.ana").await;
    assert_eq!(ana.get("/api/session").await.json()["administrator"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_bound_to_its_first_account_until_an_operator_unpins_it() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    let ends = async |subject: &str| {
        issuer.behaves(IssuerBehaviour { claims: vec![("sub", json!(subject))], ..IssuerBehaviour::default() });
        stack.comes_from(&issuer).await.header("location").unwrap().to_owned()
    };
    assert_eq!(ends("dana").await, "/");
    assert_eq!(ends("dana, made again").await, "/sign-in.html#stranger");
    let unpin = ["staff", "unpin", "dana", "--company", "harbor-dental"];
    let unpinned = on(&stack, &unpin).await.succeeds();
    assert!(unpinned.contains("dana of harbor-dental"), "{unpinned}");
    assert_eq!(ends("dana, made again").await, "/");
    assert_eq!(ends("dana").await, "/sign-in.html#stranger");
    let refused = on(&stack, &["staff", "unpin", "nobody", "--company", "harbor-dental"]).await.fails();
    assert!(refused.contains("no member of staff with that id"), "{refused}");

    // Adding a member of staff again also unpins the login.
    on(&stack, &["staff", "remove", "dana", "--company", "harbor-dental", "--yes"]).await.succeeds();
    let add = ["staff", "add", "dana", "--company", "harbor-dental", "--name", "Dana", "--email"];
    on(&stack, &[&add[..], &["dana@harbor-dental.example"]].concat()).await.succeeds();
    assert_eq!(ends("dana").await, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_starts_conversations_from_its_first_line() {
    let stack = TestStack::open().await;
    on(&stack, &["line", "first", "(206) 555-0167"]).await.succeeds();
    stack.dana().await.writes_first("+14255550182", "Your visit is tomorrow").await;
    let received = stack.phone("+14255550182").received_messages().await;
    assert_eq!(received[0]["from"], HARBOR_SECOND);
    on(&stack, &["line", "remove", HARBOR, "--yes"]).await.succeeds();
    assert_eq!(listed(&stack, &["line", "list"]).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_line_are_sent_from_its_pool_until_the_pool_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_in(folder.path()).await;
    let (dana, maria) = (stack.dana().await, stack.phone("+14255550182"));
    let added = on(&stack, &["line", "set-pool", HARBOR, "--pool", "pool-0a1b2c"]).await.succeeds();
    assert!(added.contains("are sent from the pool pool-0a1b2c"), "{added}");
    let lines = listed(&stack, &["line", "list"]).await;
    assert_eq!(lines.iter().find(|line| line["number"] == HARBOR).unwrap()["pool"], "pool-0a1b2c");
    let refused = dana.writes_first(&maria.number, "Is there a pool?").await;
    assert_eq!((refused.status, refused.code()), (422, "line-cannot-send".to_owned()), "the carrier has no such pool");
    let filled = [("pool", "pool-0a1b2c"), ("number", HARBOR_SECOND)];
    assert_eq!(stack.post_form("/local/carrier/pools", &filled).await.status, 204);
    assert_eq!(dana.writes_first(&maria.number, "Hello").await.status, 201);
    assert_eq!(
        maria.received_messages().await.last().unwrap()["from"],
        HARBOR_SECOND,
        "the service picks a number of the pool"
    );

    on(&stack, &["line", "set-pool", HARBOR]).await.succeeds();
    stack.close().await;
    // Running functions cache a line for a minute, so the test starts new ones.
    let stack = TestStack::open_in(folder.path()).await;
    let (dana, maria) = (stack.dana().await, stack.phone("+14255550182"));
    assert_eq!(dana.writes_first(&maria.number, "Hello again").await.status, 201);
    assert_eq!(maria.received_messages().await.last().unwrap()["from"], HARBOR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_for_calls_only_identifies_the_company_of_a_call_and_sends_no_message() {
    let stack = TestStack::open().await;
    let add = ["line", "add", "(206) 555-0188", "--company", "harbor-dental", "--calls-only"];
    on(&stack, &add).await.succeeds();
    let lines = listed(&stack, &["line", "list"]).await;
    let line = lines.iter().find(|line| line["number"] == "+12065550188").unwrap();
    assert_eq!((&line["carries"], &line["writes_first"]), (&json!("calls-only"), &json!(false)));
    let said = on(&stack, &["line", "first", "(206) 555-0188"]).await.fails();
    assert!(said.contains("for calls only"), "{said}");

    let call = Call::new("c-1", "+12065550188", "+14255550182", "A-1");
    stack.has_appointment("harbor-dental", "A-1", Some("+14255550182")).await;
    assert_eq!(stack.flow(&call.pressed("1")).await["result"], "confirmed");
    let dana = stack.dana().await;
    assert_eq!(dana.notifications().await.items()[0]["line"], "+12065550188");
    let conversation = dana.conversation_with("+14255550182").await;
    dana.replies(&conversation, "See you tomorrow").await;
    assert_eq!(stack.phone("+14255550182").received_messages().await[0]["from"], HARBOR);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_and_removal_end_sessions() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    on(&stack, &["staff", "sign-out", "dana", "--company", "harbor-dental"]).await.succeeds();
    on(&stack, &["staff", "remove", "josie", "--company", "tidewater-physio", "--yes"]).await.succeeds();
    for (who, desk) in [("dana", &dana), ("josie", &josie)] {
        let answer = desk.notifications().await;
        assert_eq!(answer.status, 401, "{who}: {}", answer.body);
    }
    assert_eq!(stack.dana().await.notifications().await.status, 200, "Dana may sign in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_are_removed_with_their_author_and_do_not_go_to_the_next_owner_of_the_id() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let draft = serde_json::json!({"fields": {"text": "Between us"}});
    for desk in [&dana, &marcus] {
        assert_eq!(desk.saves_draft("new-message", &draft).await.status, 204);
    }
    on(&stack, &["staff", "remove", "dana", "--company", "harbor-dental", "--yes"]).await.succeeds();
    let add = ["staff", "add", "dana", "--company", "harbor-dental", "--name", "Another", "--email"];
    on(&stack, &[&add[..], &["dana@harbor-dental.example"]].concat()).await.succeeds();
    assert_eq!(stack.dana().await.draft("new-message").await, serde_json::Value::Null);
    assert_eq!(marcus.draft("new-message").await, draft["fields"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_without_staff_is_removed_with_its_lines() {
    let stack = TestStack::open().await;
    let remove = ["company", "remove", "tidewater-physio", "--yes"];
    assert!(on(&stack, &remove).await.fails().contains("still has staff"));
    for staff in ["josie", "tom"] {
        on(&stack, &["staff", "remove", staff, "--company", "tidewater-physio", "--yes"]).await.succeeds();
    }
    assert!(on(&stack, &remove).await.succeeds().contains("+61491570006"));
    let left = everything(&stack).await;
    assert_eq!((left["company"].len(), left["line"].len(), left["staff"].len()), (1, 2, 3));
    // The number and the logins can be used again.
    on(&stack, &["line", "add", "+61491570006", "--company", "harbor-dental"]).await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_removed_company_is_reserved_while_its_conversations_may_be_stored() {
    let stack = TestStack::open().await;
    stack.phone("+14255550182").texts(TIDEWATER, "Only for Josie").await;
    for staff in ["josie", "tom"] {
        on(&stack, &["staff", "remove", staff, "--company", "tidewater-physio", "--yes"]).await.succeeds();
    }
    on(&stack, &["company", "remove", "tidewater-physio", "--yes"]).await.succeeds();
    let add = [
        "company",
        "add",
        "tidewater-physio",
        "--name",
        "Tidewater",
        "--region",
        "AU",
        "--time-zone",
        "Australia/Sydney",
        "--line",
        TIDEWATER,
    ];
    let said = on(&stack, &[&add[..], &["--yes"]].concat()).await.fails();
    assert!(said.contains("messages of its customers may still be stored"), "{said}");
    assert_eq!(listed(&stack, &["company", "list"]).await.len(), 1);
    let add = [
        "company",
        "add",
        "never-seen",
        "--name",
        "New",
        "--region",
        "US",
        "--time-zone",
        "America/Los_Angeles",
        "--line",
        "+12065550188",
    ];
    on(&stack, &add).await.succeeds();
}
