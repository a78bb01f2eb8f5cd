// Adam (Kingma, Ba, ICLR 2015, algorithm 1) and AdamW (Loshchilov, Hutter, ICLR 2019, algorithm 2).
// In step t, with powers of beta for the bias of averages that began at zero:
//
//   adam:   g <- g + decay w          adamw:  w <- w - rate decay w
//   m <- beta1 m + (1 - beta1) g
//   v <- beta2 v + (1 - beta2) g²
//   w <- w - rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
//
// amsgrad (Reddi, Kale, Kumar, ICLR 2018) divides by the greatest v so far instead.
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/optimize/methods.h"
#include "ordo/optimize/slots.h"

namespace ordo::optimize {
namespace {

struct AdamOptions {
  std::vector<double> betas = {0.9, 0.999};
  double eps = 1e-8;
  bool amsgrad = false;
  Decay decay;
  void describe(OptionSet& set) {
    set.add("betas", betas, "How much of the averages of g and of g² stays: two numbers below 1.")
        .range(0, 1);
    set.add("eps", eps, "Added to the denominator.").range(0);
    set.add("amsgrad", amsgrad, "Divide by the greatest average of g² so far.");
    decay.describe(set);
  }
};

class Adam : public SlotOptimizer {
 public:
  using Options = AdamOptions;

  explicit Adam(const Options& options)
      : SlotOptimizer(options.decay, slots_for(options)), options_(options) {
    if (options.betas.size() != 2 || options.betas[0] >= 1 || options.betas[1] >= 1) {
      throw UsageError("adam and adamw: expected two betas, each at least 0 and below 1");
    }
  }

 protected:
  using Kernel = void (*)(at::TensorList values, at::TensorList gradients, at::TensorList averages,
                          at::TensorList squares, at::TensorList greatest, at::TensorList counts,
                          double rate, double beta1, double beta2, double decay, double eps,
                          bool amsgrad, bool maximize, const std::optional<at::Tensor>& scale,
                          const std::optional<at::Tensor>& found_inf);

  void update_with(Kernel kernel, Span& span, double rate, std::int64_t count) {
    const torch::Tensor counted =
        torch::full({}, static_cast<double>(count), span.values.options().dtype(torch::kFloat32));
    at::TensorList greatest;
    if (options_.amsgrad) greatest = span.slots[2];
    kernel(span.values, span.gradients, span.slots[0], span.slots[1], greatest, counted, rate,
           options_.betas[0], options_.betas[1], span.decay, options_.eps, options_.amsgrad,
           /*maximize=*/false, {}, {});
  }

 private:
  static std::vector<Slot> slots_for(const Options& options) {
    std::vector<Slot> slots = {{"exp_avg"}, {"exp_avg_sq"}};
    if (options.amsgrad) slots.push_back({"max_exp_avg_sq"});
    return slots;
  }

  void update(Span& span, double rate, std::int64_t count) override {
    update_with(at::_fused_adam_, span, rate, count);
  }

  Options options_;
};

class AdamW : public Adam {
 public:
  struct Options : AdamOptions {
    Options() { decay.rate = 0.01; }
  };
  explicit AdamW(const Options& options) : Adam(options) {}

 private:
  void update(Span& span, double rate, std::int64_t count) override {
    update_with(at::_fused_adamw_, span, rate, count);
  }
};

}  // namespace

Method adam() {
  return method_of<Adam>("adam", "Steps scaled by averages of the gradient and its square.", 0.001);
}

Method adamw() {
  return method_of<AdamW>("adamw", "Adam whose weight decay is apart from the gradient.", 0.001);
}

}  // namespace ordo::optimize
