//! The table that the functions read and write: dynoxide, behind the HTTP API of DynamoDB.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use tokio::net::TcpListener;

/// Serves a copy of a stack's folder, so that writes leave the original unchanged.
pub(crate) async fn serve_copy(folder: &Path, copy: &Path) -> SocketAddr {
    fs::create_dir_all(copy).unwrap();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let database = Database::new(&copy.join("table.sqlite").to_string_lossy()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let never = std::future::pending();
        serve_with_shutdown(listener, database, never).await.unwrap();
    });
    address
}
