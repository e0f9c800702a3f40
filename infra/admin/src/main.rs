#![doc = include_str!("../README.md")]

mod audit;
mod aws;
mod command_line;
mod company;
mod consent;
mod customer;
mod doctor;
mod failure;
mod line;
mod number;
mod operator;
mod origin_secret;
mod output;
mod place;
mod program;
mod push_keys;
mod restore;
mod stack;
mod staff;

use std::io::ErrorKind;
use std::process::ExitCode;

use command_line::{CommandLine, Companies, Customers, Lines, OriginSecret, Programs, PushKeys, Staff, What};
use domain::Carries;
use operator::Operator;
use output::Output;
use place::Place;

#[tokio::main]
async fn main() -> ExitCode {
    let command_line = CommandLine::read();
    match run(command_line).await {
        Ok(code) => code,
        // Whoever reads the output has read enough: `company list | head -1`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command_line: CommandLine) -> anyhow::Result<ExitCode> {
    let output = Output::new(command_line.json);
    if matches!(command_line.what, What::Doctor) {
        return doctor::run(&command_line.place, output).await;
    }
    let place = Place::find(&command_line.place).await?;
    let operator = Operator::new(place, output, command_line.yes);
    let noted = command_line.what.noted();
    match command_line.what {
        What::Doctor => {}
        What::Audit { company, limit } => audit::list(&operator, company.as_ref(), limit.into()).await?,
        What::PushKeys(PushKeys::Create { contact }) => push_keys::create(&operator, contact.as_deref()).await?,
        What::PushKeys(PushKeys::Rotate) => push_keys::rotate(&operator).await?,
        What::PushKeys(PushKeys::Contact { address }) => push_keys::set_contact(&operator, &address).await?,
        What::OriginSecret(OriginSecret::Rotate) => origin_secret::rotate(&operator).await?,
        What::Restore { from, overwrite } => restore::run(&operator, &from, overwrite).await?,
        What::Company(Companies::Add(new)) => company::add(&operator, new).await?,
        What::Company(Companies::List) => company::list(&operator).await?,
        What::Company(Companies::Contact { id, contact }) => company::contact(&operator, &id, contact).await?,
        What::Company(Companies::Remove { id }) => company::remove(&operator, &id).await?,
        What::Line(Lines::Add { number, company, calls_only, pool }) => {
            let carries = if calls_only { Carries::CallsOnly } else { Carries::Texts };
            line::add(&operator, &number, &company, carries, pool).await?;
        }
        What::Line(Lines::LeavesBy { number, pool }) => line::leave_by(&operator, &number, pool).await?,
        What::Line(Lines::List) => line::list(&operator).await?,
        What::Line(Lines::First { number }) => line::write_first_from(&operator, &number).await?,
        What::Line(Lines::Remove { number }) => line::remove(&operator, &number).await?,
        What::Customer(Customers::Export { number, company }) => customer::export(&operator, &number, &company).await?,
        What::Customer(Customers::Erase { number, company }) => customer::erase(&operator, &number, &company).await?,
        What::Program(Programs::Add { id, company, name }) => program::add(&operator, company, id, name).await?,
        What::Program(Programs::Token { id, company }) => program::token(&operator, &company, &id).await?,
        What::Staff(Staff::Add(new)) => staff::add(&operator, new).await?,
        What::Staff(Staff::List { company }) => staff::list(&operator, company.as_ref()).await?,
        What::Staff(Staff::Administers { id, company, no_longer }) => {
            staff::administers(&operator, &company, &id, no_longer).await?;
        }
        What::Staff(Staff::Remove { id, company }) => staff::remove(&operator, &company, &id).await?,
        What::Staff(Staff::SignOut { id, company }) => staff::sign_out(&operator, &company, &id).await?,
        What::Staff(Staff::Unpin { id, company }) => staff::unpin(&operator, &company, &id).await?,
    }
    if let Some((command, company)) = noted {
        audit::note(&operator, command, company.as_ref()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
