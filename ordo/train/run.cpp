#include "ordo/train/run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/device.h"
#include "ordo/train/grow_head.h"
#include "ordo/train/model_state.h"
#include "ordo/train/named_spec.h"
#include "ordo/train/results_csv.h"
#include "ordo/train/round_start.h"
#include "ordo/train/trainer.h"

namespace ordo::train {
namespace {

namespace fs = std::filesystem;

// The seed of a stream, as models keep it; null for a stream that was split from another.
Json seed_of(const Random& stream) {
  if (stream.upper_counter() != std::array<std::uint32_t, 2>{}) return {};
  const auto [low, high] = stream.key();
  return fmt::format("{:08x}{:08x}", high, low);
}

Random stream_of_seed(const std::string& text, const Location& where) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size()) {
    throw InputError(where, "expected a seed of 16 hexadecimal digits");
  }
  return Random(seed);
}

// One training, from options to a model on disk.
class Training {
 public:
  Training(const RunOptions& options, const data::Folders& folders,
           const tensor::Rendezvous& rendezvous, Context& context)
      : options_(options), context_(context), stream_(context.random) {
    tensor::set_threads(context.threads);
    placement_ = placement_of(options.learning);
    if (rendezvous.world > 1) {
      group_ = tensor::ProcessGroup::join(rendezvous, placement_.device);
    }
    find_start();
    data_ = prepare_data(options.data, history(), folders, placement_, stream_.split("data"));
    batch_ = plan_batches(options.batch, options.learning, data_.train.size());
    for (const std::string& warning : batch_.warnings) context.warn(warning);
    build_net();
  }

  RunResult train();

 private:
  void find_start();
  DataHistory history() const;
  void build_net();
  void refuse_another(const nets::Spec& asked) const;
  void start_round();
  GradientHook during_round() const;
  torch::Tensor first_weights() const;
  void play_regime(Trainer& trainer);
  void track_distance(Trainer& trainer);
  void measure_distance(std::int64_t step, double rate);
  void end_epoch(const Epoch& epoch);
  void save(const Trainer& trainer, bool finished) const;
  Json recipe() const;
  optimize::Optimizer& optimizer() const { return player_ ? player_->optimizer() : *optimizer_; }
  bool keeps() const { return !options_.out.empty() && (!group_ || group_->rank() == 0); }

  const RunOptions& options_;
  Context& context_;
  Random stream_;
  Placement placement_;
  std::shared_ptr<tensor::ProcessGroup> group_;
  std::optional<nets::Model> before_;  // what `from` or an interrupted `out` holds
  std::optional<ModelState> before_state_;
  bool resumes_ = false;
  PreparedData data_;
  BatchPlan batch_;
  nets::Model model_;
  std::unique_ptr<nets::FlatParameters> parameters_;
  std::unique_ptr<optimize::Optimizer> optimizer_;
  std::optional<RegimePlayer> player_;  // holds the optimizer instead, if there is a regime
  std::optional<DistanceTracker> distance_;
  std::string results_;  // results.csv so far
};

// Everything that must be the same for an interrupted training to go on.
Json Training::recipe() const {
  return Json::object({{"data", to_json(options_.data)},
                       {"learning", to_json(options_.learning)},
                       {"batch", to_json(options_.batch)},
                       {"from", options_.from.string()},
                       {"init", options_.init},
                       {"stream", fmt::format("{:016x}", stream_.split("identity").next64())}});
}

void Training::find_start() {
  const fs::path& out = options_.out;
  if (!out.empty() && fs::exists(out)) {
    if (!fs::exists(out / "state.json")) {
      throw UsageError(
          fmt::format("--out {}: this folder is there and holds no model of ours; "
                      "choose another name",
                      out.string()));
    }
    if (!options_.resume) {
      throw UsageError(fmt::format(
          "--out {}: a model is there; --resume goes on with it if it was interrupted, --from "
          "starts from it, or choose another name",
          out.string()));
    }
    before_state_ = load_state(out);
    if (before_state_->finished) {
      throw UsageError(
          fmt::format("--resume: the training of {} is finished; --from {} starts another from it",
                      out.string(), out.string()));
    }
    if (!(before_state_->recipe == recipe())) {
      throw UsageError(fmt::format("--resume: {} was trained by another recipe or seed; it was {}",
                                   out.string(), before_state_->recipe.dump()));
    }
    before_ = nets::load_model(out);
    resumes_ = true;
    return;
  }
  if (options_.from.empty()) return;
  before_ = nets::load_model(options_.from);
  if (before_->scaling.is_null()) {
    throw InputError({.source = (options_.from / "model.json").string(), .field = "/scaling"},
                     "the model has no input scaling, which its weights depend on; train it anew "
                     "without --from");
  }
  if (fs::exists(options_.from / "state.json")) before_state_ = load_state(options_.from);
}

DataHistory Training::history() const {
  if (!before_) return {};
  const fs::path& folder = resumes_ ? options_.out : options_.from;
  DataHistory history{
      .scaler = data::scaler_from_json(before_->scaling, (folder / "model.json").string()),
      .classes = options_.grow_head ? std::vector<std::string>() : before_->classes,
      .split = std::nullopt,
      .source = folder.string()};
  if (before_state_ && !before_state_->split.is_null()) history.split = before_state_->split;
  return history;
}

void Training::build_net() {
  nets::Spec spec = spec_for(options_.learning, data_);
  if (before_) {
    if (!resumes_ && options_.learning.model) refuse_another(spec);
    model_ = *before_;
    if (options_.grow_head && !resumes_) {
      model_ = grow_head(std::move(model_), data_.classes, stream_.split("grow"));
    }
  } else {
    model_.spec = spec;
    model_.net = nets::make_net(spec, stream_.split("init"));
    model_.classes = data_.classes;
    model_.scaling = data::to_json(data_.scaler);
    model_.provenance = Json::object({{"seed", seed_of(stream_)}, {"rounds", Json::Array{}}});
  }
  if (batch_.fit.ghosts.ghost_size > 0 && batch_.fit.ghost_form == GhostForm::layer) {
    set_ghosts(model_.spec, *model_.net, batch_.fit.ghosts.ghost_size);
  }
  model_.net->to(placement_.device, placement_.dtype);
  parameters_ = std::make_unique<nets::FlatParameters>(*model_.net);
  const NamedSpec optimizer = parse_named_spec(options_.learning.optimizer);
  optimizer_ = optimize::make_optimizer(optimizer.name, optimizer.options);
  if (batch_.schedule) {
    const double factor = batch_.rate_factor;
    player_.emplace(*batch_.schedule, optimizer, batch_.fit.rate / factor, factor);
  }
  if (group_) group_->broadcast(parameters_->values());
}

// A model keeps its network: asking for another one beside it is a mistake. Outputs may grow.
void Training::refuse_another(const nets::Spec& asked) const {
  nets::Spec spec = asked;
  spec.outputs = before_->spec.outputs;
  const auto refuse = [&](const std::string& why) {
    throw UsageError(
        fmt::format("--model {}: {} holds the network '{}'{}; leave --model out, or "
                    "train anew without --from",
                    *options_.learning.model, options_.from.string(), before_->spec.name, why));
  };
  if (spec.name != before_->spec.name) refuse("");
  const auto wanted = nets::parameters_of(*nets::make_net(spec, Random(0)));
  const auto there = nets::parameters_of(*before_->net);
  for (std::size_t index = 0; index < std::max(wanted.size(), there.size()); ++index) {
    const auto text = [index](const std::vector<nets::Parameter>& list) {
      if (index >= list.size()) return std::string("nothing more");
      return fmt::format("{} [{}]", list[index].name, fmt::join(list[index].value.sizes(), ", "));
    };
    if (text(wanted) != text(there)) {
      refuse(fmt::format(" with {}, where --model has {}", text(there), text(wanted)));
    }
  }
}

// The operation between rounds, and the chain of them that the model tells of.
void Training::start_round() {
  Json round = Json::object({{"data", data_.hash}, {"examples", data_.train.size()}});
  if (before_) {
    if (before_state_) optimizer().load_state(before_state_->optimizer);
    Round start{.net = *model_.net,
                .parameters = *parameters_,
                .optimizer = optimizer(),
                .examples = data_.train,
                .old_size = 0,
                .batch_size = batch_.fit.batch_size,
                .stream = stream_.split("start")};
    const Json* rounds = model_.provenance.find("rounds");
    if (rounds != nullptr && rounds->size() > 0) {
      start.old_size = std::min<std::int64_t>(rounds->as_array().back().at("examples").as_int(),
                                              data_.train.size());
    }
    make_round_start(parse_named_spec(options_.init))->apply(start, context_);
    round["init"] = options_.init;
    round["from"] = options_.from.string();
  } else {
    round["init"] = "ri";
  }
  model_.provenance["rounds"].push_back(std::move(round));
}

// What the method goes on doing, in a round that begins or goes on.
GradientHook Training::during_round() const {
  if (options_.from.empty()) return {};
  return make_round_start(parse_named_spec(options_.init))
      ->during([&] { return first_weights(); }, stream_.split("start"));
}

// The values that the first of the model's rounds began with, drawn again.
torch::Tensor Training::first_weights() const {
  const Json* seed = model_.provenance.find("seed");
  const fs::path file = (resumes_ ? options_.out : options_.from) / "model.json";
  const Location where{.source = file.string(), .field = "/provenance/seed"};
  if (seed == nullptr || seed->is_null()) {
    throw InputError(where, fmt::format("the model does not say from which seed its first weights "
                                        "came, and --init {} pulls towards them; choose another "
                                        "method",
                                        options_.init));
  }
  const Random stream = stream_of_seed(seed->as_string(where.field), where);
  const auto first = nets::make_net(model_.spec, stream.split("init"));
  first->to(placement_.device, placement_.dtype);
  return nets::FlatParameters(*first).values();
}

void Training::save(const Trainer& trainer, bool finished) const {
  if (!keeps()) return;
  save_state(options_.out, model_,
             {.optimizer = optimizer().state(),
              .split = data::to_json(data_.split),
              .recipe = recipe(),
              .fit = trainer.state(),
              .results = results_,
              .distance = distance_ ? distance_->state() : Json(),
              .origin = distance_ ? distance_->origin() : torch::Tensor(),
              .finished = finished});
}

// Brings rate and optimizer to where the training stands, and keeps them there.
void Training::play_regime(Trainer& trainer) {
  if (!player_) return;
  const auto follow = [this, &trainer] {
    trainer.set_rate(player_->rate());
    trainer.set_optimizer(player_->optimizer());
  };
  if (resumes_) player_->advance(before_state_->fit.at("step").as_int("/fit/step") - 1);
  follow();
  trainer.before_step = [this, follow](std::int64_t steps) {
    if (player_->advance(steps)) follow();
  };
}

void Training::measure_distance(std::int64_t step, double rate) {
  const auto& before = distance_->distances();
  if (!before.empty() && before.back().update == step) return;
  const Distance& distance = distance_->measure(*parameters_, step, rate);
  context_.metric("distance", static_cast<double>(step), distance.total);
}

void Training::track_distance(Trainer& trainer) {
  if (options_.batch.track_distance == "none") return;
  if (resumes_) {
    distance_.emplace(*parameters_, before_state_->origin, before_state_->distance);
  } else {
    distance_.emplace(*parameters_);
  }
  trainer.after_step = [this](std::int64_t steps, double rate) {
    if (DistanceTracker::is_due(steps)) measure_distance(steps, rate);
  };
}

// Metrics and a line of results.csv.
void Training::end_epoch(const Epoch& epoch) {
  const auto number = static_cast<double>(epoch.number);
  const auto is_due = [&](const Examples& examples) {
    return examples.size() > 0 && options_.evaluate_every > 0 &&
           epoch.number % options_.evaluate_every == 0;
  };
  std::optional<Evaluation> validation;
  context_.metric("train-accuracy", number, epoch.accuracy);
  context_.metric("train-loss", number, epoch.loss);
  context_.metric("rate", number, epoch.rate);
  if (epoch.gradient_norm > 0) context_.metric("gradient-norm", number, epoch.gradient_norm);
  if (is_due(data_.validation)) {
    validation = evaluate(*model_.net, data_.validation, context_);
    context_.metric("validation-accuracy", number, validation->accuracy);
    context_.metric("validation-loss", number, validation->loss);
  }
  if (distance_) measure_distance(epoch.steps, epoch.rate);
  if (!keeps()) return;
  if (results_.empty()) results_ = results_header(distance_);
  results_ += results_line(epoch, validation, distance_);
}

RunResult Training::train() {
  Trainer trainer(*model_.net, *parameters_, *optimizer_, batch_.fit, stream_.split("fit"));
  trainer.group = group_;
  play_regime(trainer);
  if (resumes_) {
    if (!before_state_->optimizer.empty()) optimizer().load_state(before_state_->optimizer);
    trainer.load_state(before_state_->fit);
    results_ = before_state_->results;
  } else {
    start_round();
  }
  track_distance(trainer);
  trainer.adjust_gradients = during_round();
  trainer.save = [&] { save(trainer, false); };
  trainer.save_every = options_.save_every;
  trainer.after_epoch = [this](const Epoch& epoch) { end_epoch(epoch); };

  RunResult result;
  result.fit = trainer.fit(data_.train, context_);
  if (data_.test.size() > 0) result.test = evaluate(*model_.net, data_.test, context_);
  if (data_.validation.size() > 0) {
    result.validation = evaluate(*model_.net, data_.validation, context_);
  }
  if (distance_) {
    result.layers = distance_->layers();
    result.distances = distance_->distances();
    result.fits = distance_->fits();
  }
  save(trainer, true);
  result.parameters = parameters_->values().numel();
  result.train_examples = data_.train.size();
  result.noisy_labels = data_.noisy_labels;
  result.images_per_second = static_cast<double>(result.fit.examples) / result.fit.seconds;
  result.out = options_.out;
  result.drift = data_.drift;
  return result;
}

}  // namespace

void RunOptions::describe(OptionSet& set) {
  data.describe(set);
  learning.describe(set);
  batch.describe(set);
  set.add("from", from, "Model to start from.").placeholder("DIR");
  set.add("init", init, "Warm-start method for --from, NAME or NAME:key=value,... .");
  set.add("grow-head", grow_head, "Give classes that the model does not know new outputs.");
  set.add("out", out, "Folder for the model.").placeholder("DIR").short_name('o');
  set.add("resume", resume, "Go on with --out where it was interrupted; else begin.");
  set.add("save-every", save_every, "Seconds between checkpoints.").range(0);
  set.add("evaluate-every", evaluate_every, "Epochs between evaluations on the validation part.")
      .range(0);
}

RunResult run(const RunOptions& options, const data::Folders& folders,
              const tensor::Rendezvous& rendezvous, Context& context) {
  return Training(options, folders, rendezvous, context).train();
}

}  // namespace ordo::train
