//! Checks that there is a company, and that each company has staff and a line for first messages.

use store::Directory;

use crate::doctor::Finding;

const CHECK: &str = "directory";

pub(crate) fn check(directory: &Directory) -> Vec<Finding> {
    let Directory { companies, lines, staff } = directory;
    if companies.is_empty() {
        return vec![Finding::wrong(
            CHECK,
            "there is no company",
            "switchboard-admin company add ID --name NAME --region US --time-zone America/Los_Angeles --line NUMBER",
        )];
    }
    let mut findings = Vec::new();
    for company in companies {
        let id = &company.id;
        if !lines.iter().any(|line| line.number == company.line && line.company == *id) {
            findings.push(Finding::wrong(
                CHECK,
                format!("{id} has the first line {}, which is not one of its lines", company.line),
                format!("switchboard-admin line add {} --company {id}", company.line),
            ));
        }
        if !staff.iter().any(|member| member.company == *id) {
            findings.push(Finding::wrong(
                CHECK,
                format!("{id} has no staff: its inbound messages are not read"),
                format!("switchboard-admin staff add ID --company {id} --name NAME --email ADDRESS"),
            ));
        }
    }
    for line in lines.iter().filter(|line| !companies.iter().any(|company| company.id == line.company)) {
        findings.push(Finding::wrong(
            CHECK,
            format!("{} is a line of {}, which is not a company of this stack", line.number, line.company),
            "add the company again, or correct the table",
        ));
    }
    if findings.is_empty() {
        let says = format!("companies: {}, lines: {}, staff: {}", companies.len(), lines.len(), staff.len());
        findings.push(Finding::ok(CHECK, says));
    }
    findings
}
