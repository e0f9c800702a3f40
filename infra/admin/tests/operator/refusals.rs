//! Tests the commands that are refused, and their error messages.

use domain::heartbeat;
use serde_json::json;
use tests::{HARBOR, HARBOR_SECOND, TestStack};

use crate::command::{everything, on};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_twice() {
    let stack = TestStack::open().await;
    let before = everything(&stack).await;
    for (again, why) in [
        (
            &[
                "company",
                "add",
                "harbor-dental",
                "--name",
                "Other",
                "--region",
                "US",
                "--time-zone",
                "America/Los_Angeles",
                "--line",
                "+12065550188",
            ][..],
            "a company with that id exists already",
        ),
        (
            &[
                "company",
                "add",
                "elm-vets",
                "--name",
                "Elm Vets",
                "--region",
                "US",
                "--time-zone",
                "America/Los_Angeles",
                "--line",
                HARBOR,
            ],
            "that number is already a line of a company",
        ),
        (&["line", "add", HARBOR, "--company", "tidewater-physio"], "that number is already a line of a company"),
        (
            &["staff", "add", "dana", "--company", "harbor-dental", "--name", "D", "--email", "d@harbor.example"],
            "already has a member of staff with that id",
        ),
    ] {
        let said = on(&stack, again).await.fails();
        assert!(said.starts_with("Nothing was changed: ") && said.contains(why), "{again:?}: {said}");
    }
    assert_eq!(everything(&stack).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_and_the_number_of_the_heartbeat_are_reserved() {
    let stack = TestStack::open().await;
    let (before, id, line) = (everything(&stack).await, heartbeat::company(), heartbeat::line().number.to_string());
    let refused_as_it_was = async |before| {
        let add =
            ["company", "add", "--name", "Elm Vets", "--region", "US", "--time-zone", "America/Los_Angeles", "--line"];
        let company = [&add[..], &["+12065550188", "--", id.as_str()]].concat();
        let said = on(&stack, &company).await.fails();
        assert!(said.contains("that id is reserved for the heartbeat"), "{said}");
        let first = [&add[..], &[&line, "elm-vets"]].concat();
        for taken in [&first[..], &["line", "add", &line, "--company", "harbor-dental"]] {
            let said = on(&stack, taken).await.fails();
            assert!(said.contains("that number is reserved for the heartbeat"), "{said}");
        }
        assert_eq!(everything(&stack).await, before);
    };
    refused_as_it_was(before.clone()).await;
    assert!(!stack.invoke("heartbeat", &json!({})).await.failed);
    refused_as_it_was(before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_belongs_to_one_member_of_staff_of_the_deployment() {
    let stack = TestStack::open().await;
    let login = "DANA@harbor-dental.example";
    let add = ["staff", "add", "d", "--company", "tidewater-physio", "--name", "D", "--email", login];
    let said = on(&stack, &add).await.fails();
    assert!(said.contains("dana of harbor-dental already signs in with email dana@harbor-dental.example"), "{said}");
    // A subject that looks like an email address is another login than the address.
    let add = [&add[..7], &["--subject", "dana@harbor-dental.example"]].concat();
    on(&stack, &add).await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_needs_a_confirmation() {
    let stack = TestStack::open().await;
    on(
        &stack,
        &[
            "company",
            "add",
            "elm-vets",
            "--name",
            "Elm",
            "--region",
            "US",
            "--time-zone",
            "America/Los_Angeles",
            "--line",
            "+12065550188",
        ],
    )
    .await
    .succeeds();
    let before = everything(&stack).await;
    let removals = [
        &["company", "remove", "elm-vets"][..],
        &["line", "remove", HARBOR_SECOND],
        &["staff", "remove", "dana", "--company", "harbor-dental"],
    ];
    for removal in removals {
        let said = on(&stack, removal).await.fails();
        assert!(said.contains("add --yes to confirm"), "{removal:?}: {said}");
    }
    assert_eq!(everything(&stack).await, before);
    for removal in removals {
        on(&stack, &[removal, &["--yes"]].concat()).await.succeeds();
    }
    let after = everything(&stack).await;
    assert_eq!((after["company"].len(), after["line"].len(), after["staff"].len()), (2, 2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_company_line_or_member_of_staff_is_reported() {
    let stack = TestStack::open().await;
    for (missing, why) in [
        (&["company", "remove", "nobody", "--yes"][..], "there is no company with that id"),
        (&["line", "add", "+12065550188", "--company", "nobody"], "there is no company with that id"),
        (&["line", "first", "+12065550188"], "there is no such line"),
        (&["line", "remove", "+12065550188", "--yes"], "there is no such line"),
        (&["line", "remove", "555", "--yes"], "no line matches 555"),
        (&["line", "remove", HARBOR, "--yes"], "is the company's first line"),
        (&["staff", "list", "--company", "nobody"], "there is no company with that id"),
        (
            &["staff", "add", "ana", "--company", "nobody", "--name", "Ana", "--email", "ana@elm.example"],
            "there is no company with that id",
        ),
        (&["staff", "remove", "nobody", "--company", "harbor-dental", "--yes"], "no member of staff with that id"),
        (&["staff", "sign-out", "nobody", "--company", "harbor-dental"], "no member of staff with that id"),
    ] {
        let said = on(&stack, missing).await.fails();
        assert!(said.contains(why), "{missing:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_input_is_explained_and_changes_nothing() {
    let stack = TestStack::open().await;
    let before = everything(&stack).await;
    let company = |id, name, region, line| {
        ["company", "add", id, "--name", name, "--region", region, "--time-zone", "UTC", "--line", line]
    };
    let staff = |id, how, login| ["staff", "add", id, "--company", "harbor-dental", "--name", "A", how, login];
    for (code, bad, why) in [
        (2, &company("Elm Vets", "Elm", "US", "+12065550188")[..], "an id is 1 to 40 of the characters a-z, 0-9 and -"),
        (2, &company("elm", " ", "US", "+12065550188"), "a name is 1 to 80 characters"),
        (2, &company("elm", "a\nb", "US", "+12065550188"), "on one line"),
        (2, &company("elm", "Elm", "us-east-1", "+12065550188"), "ISO 3166"),
        (1, &company("elm", "Elm", "US", "hello"), "That is not a phone number"),
        (1, &company("elm", "Elm", "US", "+1206555018"), "is not a number that exists"),
        (1, &company("elm", "Elm", "US", "0491 570 156"), "is not a number that exists"),
        (1, &company("elm", "Elm", "AU", "(02) 9374 4000"), "write it with + and the country code"),
        (2, &staff("ana", "--email", "ana"), "an email address is a name, an @ and a domain"),
        (2, &staff("ana", "--subject", "a b"), "printable ASCII"),
        (2, &["staff", "add", "ana", "--company", "harbor-dental", "--name", "A"], "--email"),
        (2, &["company"], "Usage"),
        (2, &["line", "list", "--local=ftp://x"], "http://localhost:8080"),
        (2, &["line", "list", "--stack", "switchboard"], "--local cannot be combined"),
    ] {
        let said = on(&stack, bad).await;
        assert_eq!(said.code, code, "{bad:?}: {}", said.err);
        assert!(said.err.contains(why) && said.out.is_empty(), "{bad:?}: {}{}", said.out, said.err);
        for internal in ["Error {", "panicked", "Sdk", "Some("] {
            assert!(!said.err.contains(internal), "{bad:?}: {}", said.err);
        }
    }
    assert_eq!(everything(&stack).await, before);
}
