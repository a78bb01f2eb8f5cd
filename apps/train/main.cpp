// `ordo train`: train, plan and look into networks; compare warm-start methods.
#include "apps/data_folders.h"
#include "apps/leave.h"
#include "apps/rendezvous.h"
#include "ordo/cli/program.h"
#include "ordo/tensor/device.h"
#include "ordo/train/convert.h"
#include "ordo/train/landscape.h"
#include "ordo/train/listing.h"
#include "ordo/train/plan.h"
#include "ordo/train/probe.h"
#include "ordo/train/run.h"
#include "ordo/train/warm.h"

namespace {

namespace train = ordo::train;
using ordo::Context;
using ordo::apps::data_folders;
using ordo::apps::rendezvous;

}  // namespace

int main(int argc, char** argv) {
  ordo::tensor::keep_freed_memory();
  ordo::cli::Program program("train", "Trains networks, anew or from the model of yesterday.");
  program
      .command<train::RunOptions>("run", "Trains a network until it has converged.",
                                  [](const train::RunOptions& options, Context& context) {
                                    return train::run(options, data_folders(), rendezvous(),
                                                      context);
                                  })
      .example("ordo train run --data digits --model mlp --out model", "a network on real digits")
      .example(
          "ordo train run --data new.csv --from model --init sp:shrink=0.6,perturb=0.01 --out next",
          "today's data, from yesterday's model")
      .command<train::RunOptions>("plan", "Says what 'run' would do, and how long it would take.",
                                  [](const train::RunOptions& options, Context& context) {
                                    return train::plan(options, data_folders(), context);
                                  })
      .example("ordo train plan --data digits --model mlp")
      .example(
          "ordo train plan --data mnist --model mlp:batch-norm=true --regime f1 --batch-size 4096 "
          "--base-batch 128 --lr-scaling sqrt --ghost-bn 128 --regime-adapt",
          "a small-batch regime, carried over to batches of 4,096")
      .command<train::ProbeOptions>("probe",
                                    "Looks at a model's gradients on old and new examples.",
                                    [](const train::ProbeOptions& options, Context& context) {
                                      return train::probe(options, data_folders(), context);
                                    })
      .example("ordo train probe model --data grown.csv --report balance.html")
      .command<train::ConvertOptions>(
          "convert", "Gives a trained model's batch norms ghosts, or takes them away.",
          train::convert)
      .example("ordo train convert model --ghost 128 --out model-ghosts")
      .command<train::LandscapeOptions>(
          "landscape", "Measures how the loss varies with the distance from a point.",
          [](const train::LandscapeOptions& options, Context& context) {
            return train::landscape(options, data_folders(), context);
          })
      .example("ordo train landscape --data digits --model mlp --samples 100")
      .command<train::ListOptions>("list", "Networks, optimizers and warm-start methods.",
                                   train::list)
      .example("ordo train list")
      .command<train::WarmBenchOptions>(
          "warm bench", "Compares warm-start methods on your data.",
          [](const train::WarmBenchOptions& options, Context& context) {
            return train::warm_bench(options, data_folders(), context);
          })
      .example("ordo train warm bench ri ws sp --data digits --seeds 5 --report warm.html")
      .command<train::WarmTuneOptions>("warm tune", "Searches for the best shrinking and noise.",
                                       [](const train::WarmTuneOptions& options, Context& context) {
                                         return train::warm_tune(options, data_folders(), context);
                                       })
      .example("ordo train warm tune --data digits --validation 0.2 --protocol online");
  ordo::apps::leave(program.run(argc, argv));
}
