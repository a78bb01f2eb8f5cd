#include "ordo/train/convert.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/ghost_batch_norm.h"
#include "ordo/nets/model_folder.h"
#include "ordo/train/batch_recipe.h"
#include "ordo/train/model_state.h"

namespace ordo::train {

namespace fs = std::filesystem;

void ConvertOptions::describe(OptionSet& set) {
  set.positional("model", model, "Folder of a trained model.").required();
  set.add("ghost", ghost,
          "Rows that each batch norm takes its statistics from; 0: the whole batch.")
      .range(0);
  set.add("out", out, "Folder for the converted model.")
      .placeholder("DIR")
      .short_name('o')
      .required();
}

Converted convert(const ConvertOptions& options, Context&) {
  if (fs::exists(options.out)) {
    throw UsageError(
        fmt::format("--out {}: is there already; choose another name", options.out.string()));
  }
  nets::Model model = nets::load_model(options.model);
  Converted converted{.after = options.ghost, .out = options.out};
  for (const auto& module : model.net->modules()) {
    const auto* const norm = dynamic_cast<const nets::GhostBatchNormImpl*>(module.get());
    if (norm == nullptr) continue;
    ++converted.norms;
    converted.before = norm->options.ghost_size;
  }
  set_ghosts(model.spec, *model.net, options.ghost);
  if (!fs::exists(options.model / "state.json")) {
    nets::save_model(options.out, model);
    return converted;
  }
  const ModelState state = load_state(options.model);
  if (!state.finished) {
    throw UsageError(fmt::format(
        "the training of {} is not finished; finish it by --resume before it is converted",
        options.model.string()));
  }
  save_state(options.out, model, state);
  return converted;
}

Json to_json(const Converted& converted) {
  return Json::object({{"norms", converted.norms},
                       {"ghost-before", converted.before},
                       {"ghost", converted.after},
                       {"out", converted.out.string()}});
}

std::string to_text(const Converted& converted) {
  const auto rows = [](std::int64_t ghost) {
    return ghost == 0 ? std::string("whole batches") : fmt::format("ghosts of {} rows", ghost);
  };
  return fmt::format("{} batch norms, of {} before, of {} now: {}\n", converted.norms,
                     rows(converted.before), rows(converted.after), converted.out.string());
}

}  // namespace ordo::train
