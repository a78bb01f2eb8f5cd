#include "ordo/train/probe.h"

#include <algorithm>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/version.h"
#include "ordo/report/report.h"
#include "ordo/tensor/device.h"
#include "ordo/train/auto_shrink.h"
#include "ordo/train/model_state.h"

namespace ordo::train {
namespace {

constexpr double kShrinks[] = {1, 0.8, 0.6, 0.4, 0.2, 0.1, 0};

std::int64_t known_examples(const nets::Model& model) {
  const Json* rounds = model.provenance.find("rounds");
  if (rounds == nullptr || rounds->size() == 0) return 0;
  return rounds->as_array().back().at("examples").as_int();
}

void write_report(const ProbeResult& result, const ProbeOptions& options) {
  report::Document document{
      .name = "gradient-balance",
      .title = "Gradients of new and old examples",
      .question = "How much must the weights shrink before new examples stop dominating?",
      .program = fmt::format("ordo {}", version())};
  const std::string name = options.model.filename().string();
  document.variants.push_back({.name = name});
  report::Curve ratio{.metric = "new / old gradient norm", .variant = name};
  report::Curve old_norm{.metric = "old gradient norm", .variant = name};
  report::Curve new_norm{.metric = "new gradient norm", .variant = name};
  for (auto at = result.balance.rbegin(); at != result.balance.rend(); ++at) {
    for (report::Curve* curve : {&ratio, &old_norm, &new_norm}) {
      curve->steps.push_back(at->shrink);
      curve->low.push_back(std::nan(""));
      curve->high.push_back(std::nan(""));
    }
    ratio.mean.push_back(at->ratio());
    old_norm.mean.push_back(at->old_norm);
    new_norm.mean.push_back(at->new_norm);
  }
  document.curves = {ratio, old_norm, new_norm};
  report::write_html(document, options.report);
}

}  // namespace

void ProbeOptions::describe(OptionSet& set) {
  set.positional("model", model, "Folder of a trained model.").required();
  data.describe(set);
  set.add("old-size", old_size, "Training examples the model knows; 0: as its record says.")
      .range(0);
  set.add("perturb", perturb, "Share of a fresh network that is added at each shrinking.").range(0);
  set.add("balance", balance, "Wanted ratio of new over old gradient norms.").range(1);
  set.add("report", report, "HTML file with the plot.").placeholder("FILE");
  set.add("device", device, "cpu, cuda or cuda:N.");
}

ProbeResult probe(const ProbeOptions& options, const data::Folders& folders, Context& context) {
  tensor::set_threads(context.threads);
  nets::Model model = nets::load_model(options.model);
  DataHistory history{
      .scaler = data::scaler_from_json(model.scaling, (options.model / "model.json").string()),
      .classes = model.classes,
      .split = std::nullopt,
      .source = options.model.string()};
  if (std::filesystem::exists(options.model / "state.json")) {
    const ModelState state = load_state(options.model);
    if (!state.split.is_null()) history.split = state.split;
  }
  const Placement placement{.device = tensor::parse_device(options.device)};
  const PreparedData data =
      prepare_data(options.data, history, folders, placement, context.random.split("data"));
  model.net->to(placement.device, placement.dtype);
  nets::FlatParameters parameters(*model.net);

  ProbeResult result{.wanted = options.balance, .report = options.report};
  result.old_size = options.old_size > 0 ? options.old_size : known_examples(model);
  result.new_size = data.train.size() - result.old_size;
  if (result.old_size <= 0 || result.new_size <= 0) {
    throw UsageError(fmt::format(
        "the model knows {} of {} training examples: nothing is new, or all is; give data that "
        "grew, or --old-size",
        result.old_size, data.train.size()));
  }
  // An optimizer is part of a round, though nothing is learnt here.
  const auto optimizer = optimize::make_optimizer("sgd", {});
  Round round{.net = *model.net,
              .parameters = parameters,
              .optimizer = *optimizer,
              .examples = data.train,
              .old_size = result.old_size,
              .stream = context.random.split("start")};
  ShrinkPerturb shrinking{.perturb = options.perturb};
  for (const double shrink : kShrinks) {
    context.check_stop();
    shrinking.shrink = shrink;
    const GradientBalance balance = balance_after(round, shrinking);
    result.balance.push_back({shrink, balance.old_norm, balance.new_norm});
  }
  result.advised = choose_shrink(round, shrinking, options.balance, context);
  result.weight_norm = parameters.values().norm().item<double>();
  const auto fresh = nets::make_net(model.spec, context.random.split("fresh"));
  result.fresh_norm = nets::FlatParameters(*fresh).values().norm().item<double>();
  if (!options.report.empty()) write_report(result, options);
  return result;
}

Json to_json(const ProbeResult& result) {
  Json::Array balance;
  for (const ProbeResult::At& at : result.balance) {
    balance.push_back(Json::object({{"shrink", at.shrink},
                                    {"old-norm", at.old_norm},
                                    {"new-norm", at.new_norm},
                                    {"ratio", at.ratio()}}));
  }
  return Json::object({{"balance", std::move(balance)},
                       {"advised-shrink", result.advised},
                       {"weight-norm", result.weight_norm},
                       {"fresh-norm", result.fresh_norm},
                       {"old-examples", result.old_size},
                       {"new-examples", result.new_size}});
}

std::string to_text(const ProbeResult& result) {
  std::string text = fmt::format(
      "{} old and {} new examples; |weights| {:.2f}, of a fresh network {:.2f}\n\n"
      "shrink  old gradient  new gradient  new / old\n",
      result.old_size, result.new_size, result.weight_norm, result.fresh_norm);
  for (const ProbeResult::At& at : result.balance) {
    text += fmt::format("{:<6}  {:<12.4g}  {:<12.4g}  {:.2f}\n", at.shrink, at.old_norm,
                        at.new_norm, at.ratio());
  }
  text += result.advised < 1
              ? fmt::format(
                    "\nshrinking by {} brings new over old gradients to {}: "
                    "--init sp:shrink={}\n",
                    result.advised, result.wanted, result.advised)
              : fmt::format(
                    "\nnew over old gradients are at most {} as the model is: a warm start "
                    "will do (--init ws)\n",
                    result.wanted);
  if (!result.report.empty()) text += fmt::format("report: {}\n", result.report.string());
  return text;
}

}  // namespace ordo::train
