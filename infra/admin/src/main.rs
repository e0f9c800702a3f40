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
mod program;
mod push_keys;
mod restore;
mod stack;
mod staff;
mod target;

use std::io::ErrorKind;
use std::process::ExitCode;

use command_line::{
    Command, CommandLine, CompanyCommand, CustomerCommand, LineCommand, OriginSecretCommand, ProgramCommand,
    PushKeysCommand, StaffCommand,
};
use domain::LineCapability;
use operator::Operator;
use output::Output;
use target::Target;

#[tokio::main]
async fn main() -> ExitCode {
    let command_line = CommandLine::read();
    match run(command_line).await {
        Ok(code) => code,
        // The reader of the output has closed the pipe, as in `company list | head -1`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command_line: CommandLine) -> anyhow::Result<ExitCode> {
    let output = Output::new(command_line.json);
    if matches!(command_line.command, Command::Doctor) {
        return doctor::run(&command_line.place, output).await;
    }
    let place = Target::find(&command_line.place).await?;
    let operator = Operator::new(place, output, command_line.yes);
    let noted = command_line.command.audit_entry();
    match command_line.command {
        Command::Doctor => {}
        Command::Audit { company, limit } => audit::list(&operator, company.as_ref(), limit.into()).await?,
        Command::PushKeys(PushKeysCommand::Create { contact }) => {
            push_keys::create(&operator, contact.as_deref()).await?;
        }
        Command::PushKeys(PushKeysCommand::Rotate) => push_keys::rotate(&operator).await?,
        Command::PushKeys(PushKeysCommand::Contact { address }) => push_keys::set_contact(&operator, &address).await?,
        Command::OriginSecret(OriginSecretCommand::Rotate) => origin_secret::rotate(&operator).await?,
        Command::Restore { from, overwrite } => restore::run(&operator, &from, overwrite).await?,
        Command::Company(CompanyCommand::Add(new)) => company::add(&operator, new).await?,
        Command::Company(CompanyCommand::List) => company::list(&operator).await?,
        Command::Company(CompanyCommand::Contact { id, contact }) => company::contact(&operator, &id, contact).await?,
        Command::Company(CompanyCommand::Remove { id }) => company::remove(&operator, &id).await?,
        Command::Line(LineCommand::Add { number, company, calls_only, pool }) => {
            let carries = if calls_only { LineCapability::CallsOnly } else { LineCapability::Texts };
            line::add(&operator, &number, &company, carries, pool).await?;
        }
        Command::Line(LineCommand::SetPool { number, pool }) => line::set_pool(&operator, &number, pool).await?,
        Command::Line(LineCommand::List) => line::list(&operator).await?,
        Command::Line(LineCommand::First { number }) => line::write_first_from(&operator, &number).await?,
        Command::Line(LineCommand::Remove { number }) => line::remove(&operator, &number).await?,
        Command::Customer(CustomerCommand::Export { number, company }) => {
            customer::export(&operator, &number, &company).await?;
        }
        Command::Customer(CustomerCommand::Erase { number, company }) => {
            customer::erase(&operator, &number, &company).await?;
        }
        Command::Program(ProgramCommand::Add { id, company, name }) => {
            program::add(&operator, company, id, name).await?;
        }
        Command::Program(ProgramCommand::Token { id, company }) => program::token(&operator, &company, &id).await?,
        Command::Staff(StaffCommand::Add(new)) => staff::add(&operator, new).await?,
        Command::Staff(StaffCommand::List { company }) => staff::list(&operator, company.as_ref()).await?,
        Command::Staff(StaffCommand::Administers { id, company, no_longer }) => {
            staff::administers(&operator, &company, &id, no_longer).await?;
        }
        Command::Staff(StaffCommand::Remove { id, company }) => staff::remove(&operator, &company, &id).await?,
        Command::Staff(StaffCommand::SignOut { id, company }) => staff::sign_out(&operator, &company, &id).await?,
        Command::Staff(StaffCommand::Unpin { id, company }) => staff::unpin(&operator, &company, &id).await?,
    }
    if let Some((command, company)) = noted {
        audit::note(&operator, command, company.as_ref()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
