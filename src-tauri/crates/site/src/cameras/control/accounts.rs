//! A device's accounts, the one the site logs in with among them.
//!
//! Changing our own password is one act: the device first, then database, streams and latch together. When the database
//! refuses, the device gets its old password back; when even that fails it is said so (`credentials_diverged`).

use super::{Control, handle::refused};
use watchwall_model::{Camera, Credentials, Device, DeviceId, ErrorCode, Problem, Secret};
use watchwall_onvif::{
    Client, ErrorKind, OnvifError,
    operations::{CreateUsers, DeleteUsers, DeviceUser, GetUsers, SetUser},
};

/// ONVIF names no limit; the shortest seen is 15 for names and 32 for passwords, and devices say so themselves.
const MOST_CHARS: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    pub user: DeviceUser,
    pub password: Secret,
}

impl Control {
    /// The accounts, and the name of ours among them.
    ///
    /// # Errors
    /// Of the device: some tell only administrators.
    pub async fn accounts(&self, device: DeviceId) -> Result<(Vec<DeviceUser>, Option<String>), Problem> {
        let link = self.ground.link(device).await?;
        let own = self.ground.device(device).await?.credentials.map(|credentials| credentials.username);
        Ok((link.client().call(&GetUsers).await.map_err(refused)?, own))
    }

    /// # Errors
    /// Of the device.
    pub async fn create_account(&self, device: DeviceId, account: NewAccount) -> Result<(), Problem> {
        check(&account)?;
        let link = self.ground.link(device).await?;
        let NewAccount { user, password } = account;
        link.client().call(&CreateUsers { user, password }).await.map_err(refused)
    }

    /// Changes password and level of an account. Our own keeps its name; what is stored of it changes with it.
    ///
    /// # Errors
    /// `credentials_diverged` when device and database could not be kept together, and of the device.
    pub async fn change_account(&self, device: DeviceId, account: NewAccount) -> Result<(), Problem> {
        check(&account)?;
        let link = self.ground.link(device).await?;
        let stored = self.ground.device(device).await?;
        let own = stored.credentials.clone().filter(|own| own.username == account.user.name);
        let NewAccount { user, password } = account;
        let Some(old) = own else {
            return link.client().call(&SetUser { user, password }).await.map_err(refused);
        };
        self.change_own(link.client(), stored, old, SetUser { user, password }).await
    }

    /// # Errors
    /// `request_invalid` for our own account, and of the device.
    pub async fn delete_account(&self, device: DeviceId, name: String) -> Result<(), Problem> {
        let link = self.ground.link(device).await?;
        let own = self.ground.device(device).await?.credentials;
        if own.is_some_and(|own| own.username == name) {
            return Err(Problem::new(ErrorCode::RequestInvalid).with("field", "name").with("reason", "own_account"));
        }
        link.client().call(&DeleteUsers(vec![name])).await.map_err(refused)
    }

    async fn change_own(
        &self,
        client: &Client,
        stored: Device,
        old: Credentials,
        change: SetUser,
    ) -> Result<(), Problem> {
        let new = Credentials { username: old.username.clone(), password: change.password.clone() };
        self.cameras.settled(stored.id).await;
        let mut cameras = self.ground.store.cameras().of_device(stored.id).await?;
        cameras.retain(|camera| camera.credentials.as_ref() == Some(&old));
        let ids: Vec<_> = cameras.iter().map(|camera| camera.id).collect();
        // A session that says goodbye with a password that is no longer right counts as an attempt: sixteen channels
        // would lock the account. So all are closed before, and opened again with the new one.
        let _closed = self.cameras.pause(&ids).await;
        let done = client.call(&change).await;
        // From now on the old password may be wrong: nothing of ours may try it once more than it must.
        client.set_credentials(Some(new.clone()));
        // When the answer was lost and the new password opens the door, it was changed.
        if let Err(error) = done
            && (!is_doubtful(&error) || client.call(&GetUsers).await.is_err())
        {
            client.set_credentials(Some(old));
            return Err(refused(error));
        }
        let saved = self.save_own(&stored, cameras, &new).await;
        let Err(problem) = saved else {
            self.cameras.reconcile();
            self.cameras.told(&ids, &new).await;
            self.ground.health.reconcile();
            return Ok(());
        };
        let back = SetUser { user: change.user, password: old.password.clone() };
        let taken_back = client.call(&back).await;
        match taken_back {
            Ok(()) => {
                client.set_credentials(Some(old));
                Err(problem)
            }
            Err(error) => {
                tracing::error!(
                    device.id = stored.id.0,
                    "the device has a new password that could not be stored: {problem}; nor taken back: {error}"
                );
                let name = stored.facts.name.as_deref().unwrap_or(&stored.at.host);
                Err(Problem::new(ErrorCode::CredentialsDiverged).with("name", name).because(problem))
            }
        }
    }

    /// Device and those of its cameras that log in alike, in one transaction.
    async fn save_own(&self, stored: &Device, mut cameras: Vec<Camera>, new: &Credentials) -> Result<(), Problem> {
        for camera in &mut cameras {
            camera.credentials = Some(new.clone());
        }
        let device = Device { credentials: Some(new.clone()), ..stored.clone() };
        self.ground.store.devices().update(&device, &cameras, &[]).await?;
        Ok(())
    }
}

/// The device may have done it all the same.
fn is_doubtful(error: &OnvifError) -> bool {
    error.kind() == ErrorKind::Unreachable || matches!(error, OnvifError::Incomplete { .. })
}

fn check(account: &NewAccount) -> Result<(), Problem> {
    let invalid = |field: &str, reason: &str| {
        Err(Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason))
    };
    let is_text =
        |text: &str| !text.is_empty() && text.chars().count() <= MOST_CHARS && !text.chars().any(char::is_control);
    if !is_text(&account.user.name) {
        return invalid("name", "not_a_name");
    }
    // Without one some devices clear the password.
    if !is_text(account.password.reveal()) {
        return invalid("password", "not_a_password");
    }
    Ok(())
}
