// The tables of store.db, their version, and how a store is opened. Inside the room only.
#pragma once

#include <memory>
#include <string>

#include "ordo/store/sqlite.h"
#include "ordo/store/store.h"

namespace ordo::store {

/// Opens or makes `folder`/store.db, checks that it is a store of a known version and brings an
/// older one up to date. Throws as Store's constructor does.
std::unique_ptr<Database> open_database(const std::filesystem::path& folder,
                                        const StoreOptions& options, Context& context);

/// The name of the network file system that `folder` lies on; empty if it is a local one.
std::string network_file_system(const std::filesystem::path& folder);

/// Where an artifact of this hash stands below `folder`. Throws UsageError if it is no SHA-256 in
/// hex, so that a damaged store cannot point elsewhere.
std::filesystem::path artifact_place(const std::filesystem::path& folder, const std::string& hash);

}  // namespace ordo::store
