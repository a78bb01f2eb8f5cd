#include "ordo/train/batch_recipe.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/train/named_spec.h"
#include "ordo/train/scale_rate.h"

namespace ordo::train {
namespace {

constexpr std::int64_t kScriptsBase = 256;  // where the authors' scripts divide by a number

// The recipe with the authors' names put into ours.
BatchRecipe without_aliases(BatchRecipe recipe) {
  const auto agree = [](bool fine, const char* theirs, const char* ours) {
    if (!fine) throw UsageError(fmt::format("{} and {} say different things", theirs, ours));
  };
  if (recipe.mini_batch_size > 0) {
    agree(recipe.ghost_bn == 0 || recipe.ghost_bn == recipe.mini_batch_size, "--mini-batch-size",
          "--ghost-bn");
    recipe.ghost_bn = recipe.mini_batch_size;
  }
  agree(!recipe.lr_bb_fix || !recipe.no_lr_bb_fix, "--lr-bb-fix", "--no-lr-bb-fix");
  agree(!recipe.lr_bb_fix || recipe.lr_scaling != "linear", "--lr-bb-fix", "--lr-scaling");
  agree(!recipe.no_lr_bb_fix || recipe.lr_scaling == "none", "--no-lr-bb-fix", "--lr-scaling");
  const bool scripts = recipe.lr_bb_fix || recipe.regime_bb_fix;
  if (scripts && recipe.base_batch == 0) {
    recipe.base_batch = recipe.ghost_bn > 0 ? recipe.ghost_bn : kScriptsBase;
  }
  if (recipe.lr_bb_fix) recipe.lr_scaling = "sqrt";
  if (recipe.regime_bb_fix) {
    recipe.regime_adapt = true;
    recipe.regime_unit = "ceil";
  }
  return recipe;
}

void require_base(const BatchRecipe& recipe) {
  const char* const who = recipe.lr_scaling != "none"   ? "--lr-scaling"
                          : recipe.regime_adapt         ? "--regime-adapt"
                          : recipe.grad_noise != "none" ? "--grad-noise"
                                                        : nullptr;
  if (who != nullptr && recipe.base_batch == 0) {
    throw UsageError(fmt::format(
        "{} needs --base-batch, the batch size that rate and regime were made for", who));
  }
}

std::optional<Regime::Schedule> schedule_of(const BatchRecipe& recipe,
                                            const LearningRecipe& learning, std::int64_t examples) {
  if (recipe.regime.empty() && !recipe.regime_adapt) return std::nullopt;
  const StopRules& stop = learning.stop;
  if (recipe.regime.empty() && stop.epochs == 0) {
    throw UsageError("--regime-adapt has nothing to adapt: give --regime, or --epochs");
  }
  Regime regime = recipe.regime.empty() ? Regime::from_json(parse_json(R"({"0": {}})"), "--regime")
                                        : Regime::read(recipe.regime);
  if (stop.epochs > 0) regime = regime.lasting(static_cast<double>(stop.epochs));
  if (!recipe.regime_adapt) return regime.schedule(examples, learning.batch_size);
  return regime.schedule(examples, recipe.base_batch, learning.batch_size,
                         regime_unit_of(recipe.regime_unit));
}

}  // namespace

void BatchRecipe::describe(OptionSet& set) {
  set.add("base-batch", base_batch,
          "Batch size that rate and regime were made for; 0: that of --batch-size.")
      .range(0);
  set.add("lr-scaling", lr_scaling,
          "How all rates grow from --base-batch to --batch-size: by the root of the ratio, by the "
          "ratio, or not.")
      .choices({"none", "sqrt", "linear"});
  set.add("ghost-bn", ghost_bn,
          "Ghost batch norm: rows that batch norms take their statistics from; 0: the batch.")
      .range(0);
  set.add("gbn", gbn,
          "Ghosts within the batch norms, or one ghost after another with gradients accumulated "
          "(less memory, slower).")
      .choices({"layer", "accumulate"});
  set.add("grad-noise", grad_noise,
          "Noise on each example's loss that makes gradients vary as those of --base-batch; "
          "instead of --lr-scaling.")
      .choices({"none", "multiplicative"});
  set.add("regime", regime,
          "Settings by epoch: a JSON file, or a name ('ordo train list' shows them).");
  set.add("regime-adapt", regime_adapt,
          "Keep the number of updates of --base-batch: the regime and --epochs are stretched.");
  set.add("regime-unit", regime_unit,
          "Stretch to the very update, by the ratio in epochs, or by the ratio rounded up.")
      .choices({"updates", "epochs", "ceil"});
  set.add("track-distance", track_distance,
          "Distance of the weights from where they began, at updates 1, 2, 4, ... and each epoch.")
      .choices({"none", "log"});
  set.add("lr-bb-fix", lr_bb_fix, "The authors' name for --lr-scaling sqrt.");
  set.add("no-lr-bb-fix", no_lr_bb_fix, "The authors' name for --lr-scaling none.");
  set.add("regime-bb-fix", regime_bb_fix,
          "The authors' name for --regime-adapt --regime-unit ceil.");
  set.add("mini-batch-size", mini_batch_size, "The authors' name for --ghost-bn.").range(0);
}

Json to_json(BatchRecipe recipe) { return describe(recipe).to_json(); }

BatchPlan plan_batches(const BatchRecipe& given, const LearningRecipe& learning,
                       std::int64_t examples) {
  const BatchRecipe recipe = without_aliases(given);
  require_base(recipe);
  const std::int64_t batch = learning.batch_size;
  BatchPlan plan{.base_batch = recipe.base_batch > 0 ? recipe.base_batch : batch,
                 .fit = fit_options(learning)};
  const RateScaling scaling = rate_scaling_of(recipe.lr_scaling);
  plan.rate_factor = scale_rate(1, plan.base_batch, batch, scaling);
  plan.fit.rate *= plan.rate_factor;
  if (recipe.grad_noise == "multiplicative") {
    plan.fit.noise_variance = gradient_noise_variance(plan.base_batch, batch);
  }
  plan.fit.ghosts.ghost_size = recipe.ghost_bn;
  plan.fit.ghost_form = recipe.gbn == "accumulate" ? GhostForm::accumulate : GhostForm::layer;
  plan.schedule = schedule_of(recipe, learning, examples);
  if (plan.schedule && plan.schedule->updates > 0 && plan.fit.stop.steps == 0) {
    plan.fit.stop.epochs = 0;
    plan.fit.stop.steps = plan.schedule->updates;
  }

  const auto warn = [&](std::string text) { plan.warnings.push_back(std::move(text)); };
  const std::int64_t ghost = recipe.ghost_bn;
  nets::ghost_sizes(batch, plan.fit.ghosts);  // refuses a size that none can have
  if (ghost == 0 && plan.fit.ghost_form == GhostForm::accumulate) {
    throw UsageError("--gbn accumulate needs --ghost-bn, the rows of a ghost");
  }
  if (ghost > batch) {
    warn(fmt::format("ghosts of {} rows are larger than the batches of {}: plain batch norm", ghost,
                     batch));
  } else if (ghost > 0 && batch % ghost != 0) {
    const auto sizes = nets::ghost_sizes(batch, plan.fit.ghosts);
    warn(fmt::format("batches of {} leave {} rows over from ghosts of {}; the last ghost has {}",
                     batch, batch % ghost, ghost, sizes.back()));
  }
  if (batch > examples) {
    warn(fmt::format("a batch of {} is more than the {} training examples: every step is of all",
                     batch, examples));
  }
  if (scaling != RateScaling::none && plan.fit.noise_variance > 0) {
    warn(
        "--lr-scaling and --grad-noise both make up for the larger batch: together it is too much");
  }
  if (plan.rate_factor > 1 && learning.clip == 0) {
    warn(
        fmt::format("the rate grows {:.3g} times, and early steps may diverge: --clip 5 is what "
                    "the authors use",
                    plan.rate_factor));
  }
  return plan;
}

void set_ghosts(nets::Spec& spec, nets::Net& net, std::int64_t ghost_size) {
  nets::ghost_sizes(1, {.ghost_size = ghost_size});
  std::int64_t norms = 0;
  for (const auto& module : net.modules()) {
    auto* const norm = dynamic_cast<nets::GhostBatchNormImpl*>(module.get());
    if (norm == nullptr) continue;
    norm->options.ghost_size = ghost_size;
    ++norms;
  }
  if (norms == 0) {
    throw UsageError(
        fmt::format("the network '{}' has no batch norm that could have ghosts{}", spec.name,
                    spec.name == "mlp" || spec.name == "cnn" ? "; give it batch-norm=true" : ""));
  }
  spec.options["ghost"] = ghost_size;
}

}  // namespace ordo::train
