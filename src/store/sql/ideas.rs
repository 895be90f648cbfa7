//! Ideas of users and their plan documents. An application need not have them.

use super::tables::{ideas, products, users};
use super::{Database, application};
use crate::store::error::StoreError;
use crate::store::id::{IdeaId, UserId};
use crate::store::idea::{Idea, IdeaStatus, NewIdea, StoredPlan};

impl Database {
    /// Adds an idea.
    ///
    /// # Errors
    /// [`StoreError::Demo`] for a demo user; [`StoreError::NoProduct`]; [`StoreError::ForeignTables`] in tables of an
    /// application, which adds its ideas itself.
    pub async fn add_idea(&self, user: &UserId, new: &NewIdea) -> Result<IdeaId, StoreError> {
        if !self.is_own().await? {
            return Err(StoreError::ForeignTables { what: "ideas" });
        }
        let id = IdeaId::fresh();
        let mut tx = self.begin().await?;
        let added = async {
            users::check_may_write(&mut tx, user).await?;
            if let Some(product) = &new.product {
                products::check_owner(&mut tx, user, product).await?;
            }
            ideas::insert(&mut tx, user, &id, new).await
        }
        .await;
        tx.finish(added).await?;
        Ok(id)
    }

    /// At most `limit` ideas of a user whose ids follow `after`, by id.
    pub async fn ideas(
        &self,
        user: &UserId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Idea>, StoreError> {
        self.check_ideas().await?;
        ideas::list(self, user, after, limit).await
    }

    /// An idea of a user with its plan document.
    ///
    /// # Errors
    /// [`StoreError::NoIdea`].
    pub async fn idea(
        &self,
        user: &UserId,
        id: &IdeaId,
    ) -> Result<(Idea, Option<String>), StoreError> {
        self.check_ideas().await?;
        ideas::find(self, user, id).await
    }

    /// Stores the plan document of an idea, in place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Demo`] for a demo user; [`StoreError::NoIdea`]; [`StoreError::IdeaStatus`] while the idea accepts no
    /// document.
    pub async fn save_plan_document(
        &self,
        user: &UserId,
        id: &IdeaId,
        document: &str,
    ) -> Result<StoredPlan, StoreError> {
        self.check_ideas().await?;
        let mut tx = self.begin().await?;
        let saved = async {
            users::check_may_write(&mut tx, user).await?;
            let text = ideas::lock(&mut tx, user, id).await?;
            let refused = || StoreError::IdeaStatus {
                idea: id.clone(),
                status: text.clone(),
            };
            let former = IdeaStatus::of_db(&text).ok_or_else(refused)?;
            let status = former.after_plan().ok_or_else(refused)?;
            ideas::set_plan(&mut tx, user, id, document, former, status).await?;
            Ok(StoredPlan { former, status })
        }
        .await;
        tx.finish(saved).await
    }

    /// Fails if the tables of an application have no usable ideas.
    async fn check_ideas(&self) -> Result<(), StoreError> {
        if self.is_own().await? {
            return Ok(());
        }
        application::check_ideas(self).await
    }
}
