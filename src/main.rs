//! The `dittograph` command: parse, dispatch, exit.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
