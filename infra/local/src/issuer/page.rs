use maud::{DOCTYPE, Markup, html};
use static_site::address;
use store::Directory;

use super::{AuthorizationRequest, id};

/// Renders a button for each person who can sign in.
pub(super) fn people(directory: &Directory, request: &AuthorizationRequest) -> Markup {
    let asked = [
        ("client_id", &request.client_id),
        ("redirect_uri", &request.redirect_uri),
        ("state", &request.state),
        ("nonce", &request.nonce),
        ("code_challenge", &request.code_challenge),
        ("code_challenge_method", &request.code_challenge_method),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Pick a person · Switchboard" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="description" content="Who to be in this local stack.";
                meta name="color-scheme" content="light dark";
                link rel="icon" href=(address("icon.svg"));
                link rel="stylesheet" href=(address("portal.css"));
            }
            body {
                main.sign-in {
                    div.sign-in-card {
                        img src=(address("icon.svg")) width="48" height="48" alt="";
                        h1 { "Who are you?" }
                        p { "This is a local stack. Pick the person you want to be." }
                        form action="/local/issuer/authorize" method="post" {
                            @for (name, value) in asked { input type="hidden" name=(name) value=(value); }
                            @for company in &directory.companies {
                                section.company {
                                    h2 { (company.name) }
                                    @for member in directory.staff.iter().filter(|member| member.company == company.id) {
                                        button type="submit" name="staff" value=(id(member)) { (member.name) }
                                    }
                                }
                            }
                        }
                        p.aside { a href="/handset" { "Open a customer's phone" } }
                    }
                }
            }
        }
    }
}
