#include "ordo/cli/program.h"
#include "ordo/store/export.h"
#include "ordo/store/maintenance.h"
#include "ordo/store/merge.h"

int main(int argc, char** argv) {
  namespace store = ordo::store;
  ordo::cli::Program program("store", "Looks after the store that studies leave behind.");
  program.example("ordo store info", "what is in .ordo, the store that 'ordo study run' writes");
  program.command<store::InfoOptions>("info", "Says what is in the store.", store::info)
      .example("ordo store info");
  program.command<store::CheckOptions>("check", "Says whether the store is sound.", store::check)
      .example("ordo store check", "exits with 1 if something is damaged");
  program.command<store::MergeOptions>("merge", "Makes one store of several.", store::merge)
      .example("ordo store merge shard-1 shard-2 --into .ordo");
  program
      .command<store::GcOptions>("gc", "Removes what nothing refers to and gives the space back.",
                                 store::gc)
      .example("ordo store gc --dry-run", "only says what would go");
  program
      .command<store::ExportOptions>("export", "Hands the runs to other tools.",
                                     store::export_store)
      .example("ordo store export tables", "cells.csv, series.csv and wide.csv")
      .example("ordo store export runs --format tensorboard", "then tensorboard --logdir runs");
  return program.run(argc, argv);
}
