#include "ordo/train/round_start.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/option_keys.h"
#include "ordo/nets/layers.h"
#include "ordo/train/auto_shrink.h"
#include "ordo/train/dash.h"

namespace ordo::train {
namespace {

const char* name_of(nets::Role role) {
  switch (role) {
    case nets::Role::weight:
      return "weights";
    case nets::Role::bias:
      return "biases";
    case nets::Role::norm:
      return "norms";
  }
  return "";
}

bool is_in(const std::string& parameter, const std::string& layer) {
  return parameter.starts_with(layer + ".");
}

// theta <- shrink theta + perturb phi for the parameters that `is_meant`.
void blend_parameters(nets::FlatParameters& parameters, const ShrinkPerturb& options,
                      const Random& stream,
                      const std::function<bool(const nets::Parameter&)>& is_meant) {
  torch::NoGradGuard no_grad;
  for (const nets::FlatParameters::Entry& entry : parameters.entries()) {
    const nets::Parameter& parameter = entry.parameter;
    if (!is_meant(parameter)) continue;
    torch::Tensor value = parameters.value(entry);
    tensor::blend(value, options.shrink, options.perturb,
                  options.noise == "gaussian" ? tensor::Draw::normal(1) : parameter.draw,
                  stream.split(parameter.name));
  }
}

void finish(Round& round, const std::string& buffers, const std::string& optimizer) {
  if (buffers == "reset") nets::reset_buffers(round.net);
  if (buffers == "recalibrate") recalibrate(round.net, round.examples, round.batch_size);
  if (optimizer == "reset") round.optimizer.reset();
}

// Shrink and perturb, and all that are it by other names.
class ShrinkPerturbStart : public RoundStart {
 public:
  explicit ShrinkPerturbStart(ShrinkPerturb defaults) : options_(std::move(defaults)) {}
  void describe(OptionSet& set) { options_.describe(set); }
  void apply(Round& round, Context&) const override {
    shrink_perturb(round.net, round.parameters, options_, round.stream);
    finish(round, options_.buffers, options_.optimizer);
  }

 private:
  ShrinkPerturb options_;
};

// Shrink and perturb, by as much as brings the gradients of old and new examples into balance.
class AutoShrinkStart : public RoundStart {
 public:
  void describe(OptionSet& set) {
    set.add("perturb", options_.perturb, "Share of a fresh network that is added.").range(0);
    set.add("balance", balance_,
            "Gradient norm of new examples over old ones that the start should have.")
        .range(1);
  }
  void apply(Round& round, Context& context) const override {
    ShrinkPerturb options = options_;
    options.shrink = choose_shrink(round, options, balance_, context);
    context.metric("shrink", static_cast<double>(round.old_size), options.shrink);
    shrink_perturb(round.net, round.parameters, options, round.stream);
    finish(round, options.buffers, options.optimizer);
  }

 private:
  ShrinkPerturb options_;
  double balance_ = 2;
};

// Warm start with a pull towards the first weights: the loss gets strength * |theta - theta_0|^2.
class L2InitStart : public RoundStart {
 public:
  void describe(OptionSet& set) {
    set.add("strength", strength_, "Factor of the squared distance from the first weights.")
        .range(0);
  }
  void apply(Round& round, Context&) const override { finish(round, "reset", "reset"); }
  GradientHook during(const std::function<torch::Tensor()>& origin, const Random&) const override {
    return
        [first = origin(), strength = strength_](nets::FlatParameters& parameters, std::int64_t) {
          torch::NoGradGuard no_grad;
          parameters.gradients().add_(parameters.values() - first, 2 * strength);
        };
  }

 private:
  double strength_ = 0.01;
};

// Warm start, then a little shrinking and perturbing before each step: theta <- lambda theta +
// gamma phi - rate * gradient. With sgd this is weight decay of (1 - lambda) / rate, and noise.
class SteadyShrinkPerturbStart : public RoundStart {
 public:
  void describe(OptionSet& set) {
    set.add("shrink", options_.shrink, "Factor on the weights before each step.").range(0, 1);
    set.add("perturb", options_.perturb, "Share of a fresh network that is added.").range(0);
    set.add("noise", options_.noise, "What is added: a fresh network, or normal numbers.")
        .choices({"init", "gaussian"});
  }
  void apply(Round& round, Context&) const override { finish(round, "reset", "reset"); }
  GradientHook during(const std::function<torch::Tensor()>&, const Random& stream) const override {
    return [options = options_, stream](nets::FlatParameters& parameters, std::int64_t step) {
      blend_parameters(parameters, options, stream.split(static_cast<std::uint64_t>(step)),
                       [](const nets::Parameter&) { return true; });
    };
  }

 private:
  ShrinkPerturb options_{.shrink = 0.99999, .perturb = 1e-5};
};

class DashStart : public RoundStart {
 public:
  void describe(OptionSet& set) { options_.describe(set); }
  void apply(Round& round, Context& context) const override {
    dash(round.net, round.parameters, round.examples, round.batch_size, options_, context);
    finish(round, "keep", "reset");
  }

 private:
  DashOptions options_;
};

// A method with its options, which have their defaults until they are applied.
struct Described {
  std::unique_ptr<RoundStart> method;
  OptionSet options;
};

struct Kind {
  const char* name;
  const char* what;
  std::function<Described()> make;
};

template <class T, class... Arguments>
std::function<Described()> maker(Arguments... defaults) {
  return [=] {
    auto method = std::make_unique<T>(defaults...);
    Described described;
    method->describe(described.options);
    described.method = std::move(method);
    return described;
  };
}

std::function<Described()> shrink_perturb_maker(const ShrinkPerturb& defaults) {
  return maker<ShrinkPerturbStart>(defaults);
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"ri", "Random initialisation: a fresh network each round.",
       shrink_perturb_maker({.shrink = 0, .perturb = 1})},
      {"ws", "Warm start: the weights as they are.",
       shrink_perturb_maker({.shrink = 1, .perturb = 0})},
      {"sp", "Shrink and perturb: the weights times shrink, plus perturb times a fresh network.",
       shrink_perturb_maker({})},
      {"sp-auto", "Shrink and perturb, with the shrinking that balances old and new gradients.",
       maker<AutoShrinkStart>()},
      {"shrink", "Only shrinking.", shrink_perturb_maker({.shrink = 0.4, .perturb = 0})},
      {"noise", "Only noise, of the given standard deviation.",
       shrink_perturb_maker({.shrink = 1, .perturb = 0.01, .noise = "gaussian"})},
      {"head-reset", "Warm start with a fresh last layer.",
       shrink_perturb_maker({.shrink = 0, .perturb = 1, .layers = "head"})},
      {"last-layer", "A fresh network that keeps only the last layer.",
       shrink_perturb_maker({.shrink = 0, .perturb = 1, .layers = "body"})},
      {"l2-init", "Warm start with a penalty on the distance from the first weights.",
       maker<L2InitStart>()},
      {"sp-steps", "Warm start, and a little shrinking and perturbing before every step.",
       maker<SteadyShrinkPerturbStart>()},
      {"dash", "Direction-aware shrinking: weights that point against their gradient shrink.",
       maker<DashStart>()},
  };
  return all;
}

}  // namespace

GradientHook RoundStart::during(const std::function<torch::Tensor()>&, const Random&) const {
  return {};
}

void ShrinkPerturb::describe(OptionSet& set) {
  set.add("shrink", shrink, "Factor on the old weights (lambda).").range(0, 1);
  set.add("perturb", perturb, "Share of a fresh network that is added (gamma).").range(0);
  set.add("noise", noise, "What is added: a fresh network, or normal numbers.")
      .choices({"init", "gaussian"});
  set.add("include", include, "Which parameters.").choices({"weights", "biases", "norms"});
  set.add("layers", layers, "Which layers.").choices({"all", "head", "body"});
  set.add("buffers", buffers, "Running statistics of batch norms.")
      .choices({"reset", "keep", "recalibrate"});
  set.add("optimizer", optimizer, "Momentum and the like.").choices({"reset", "keep"});
}

void shrink_perturb(nets::Net& net, nets::FlatParameters& parameters, const ShrinkPerturb& options,
                    const Random& stream) {
  blend_parameters(parameters, options, stream, [&](const nets::Parameter& parameter) {
    const bool in_head = is_in(parameter.name, net.head());
    if ((options.layers == "head" && !in_head) || (options.layers == "body" && in_head)) {
      return false;
    }
    return std::find(options.include.begin(), options.include.end(), name_of(parameter.role)) !=
           options.include.end();
  });
}

void recalibrate(nets::Net& net, const Examples& examples, std::int64_t batch_size) {
  torch::NoGradGuard no_grad;
  nets::reset_buffers(net);
  std::vector<nets::GhostBatchNormImpl*> norms;
  std::vector<nets::GhostOptions> before;
  for (const auto& module : net.modules()) {
    auto* const norm = dynamic_cast<nets::GhostBatchNormImpl*>(module.get());
    if (norm == nullptr) continue;
    norms.push_back(norm);
    before.push_back(norm->options);
    norm->options.ghost_size = 0;
  }
  if (norms.empty()) return;
  const bool was_training = net.is_training();
  net.train();
  std::int64_t batches = 0;
  for (std::int64_t begin = 0; begin < examples.size(); begin += batch_size) {
    const std::int64_t end = std::min(begin + batch_size, examples.size());
    if (end - begin < 2) break;  // one example has no variance
    // With momentum 1 / k at the k-th batch, an exponential average is the plain mean.
    ++batches;
    for (auto* norm : norms) norm->options.momentum = 1 / static_cast<double>(batches);
    net.forward(examples.range(begin, end).inputs);
  }
  for (std::size_t index = 0; index < norms.size(); ++index) norms[index]->options = before[index];
  net.train(was_training);
}

std::unique_ptr<RoundStart> make_round_start(const NamedSpec& spec) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) {
    names.emplace_back(kind.name);
    if (spec.name != kind.name) continue;
    Described described = kind.make();
    try {
      described.options.apply(spec.options, {});
    } catch (const InputError& error) {
      throw UsageError(fmt::format("warm-start method '{}': {}", spec.name, error.what()));
    }
    return std::move(described.method);
  }
  const std::optional<std::string> meant = nearest(spec.name, names);
  throw UsageError(fmt::format("there is no warm-start method '{}'{}; there are {}", spec.name,
                               meant ? fmt::format(" (did you mean '{}'?)", *meant) : "",
                               fmt::join(names, ", ")));
}

std::vector<RoundStartKind> round_start_kinds() {
  std::vector<RoundStartKind> list;
  for (const Kind& kind : kinds())
    list.push_back({kind.name, kind.what, markdown_of_keys(kind.make().options)});
  return list;
}

}  // namespace ordo::train
