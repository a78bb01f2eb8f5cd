// A kind of network as the registry holds it, and how a struct of options becomes one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "ordo/base/option_keys.h"
#include "ordo/nets/net.h"

namespace ordo::nets {

/// A network as make_net's, but with parameters that are not drawn: whatever is in memory, which is
/// not touched yet. Throws UsageError, LimitError.
std::shared_ptr<Net> build_net(const Spec& spec);

struct Kind {
  NetKind described;
  /// Not yet drawn. Throws InputError at `where` for options, UsageError for unfitting inputs.
  std::function<std::shared_ptr<Net>(const Spec&, const Location& where)> make;
};

/// The largest width or number of channels that a network may have.
inline constexpr double kMaxWidth = 1 << 20;

/// A kind whose options describe themselves.
template <class Options>
Kind kind_of(std::string name, std::string what,
             std::shared_ptr<Net> (*make)(const Spec&, const Options&)) {
  Options defaults;
  return {{std::move(name), std::move(what), markdown_of_keys(describe(defaults))},
          [make](const Spec& spec, const Location& where) {
            Options options;
            describe(options).apply(spec.options, where);
            return make(spec, options);
          }};
}

Kind mlp_kind();
Kind logistic_kind();
Kind cnn_kind();
Kind resnet_kind();
Kind c1_kind();

/// Channels, height and width of a spec's input; [height, width] has one channel. Throws UsageError
/// for inputs that are no images.
struct ImageShape {
  std::int64_t channels = 1, height = 0, width = 0;
};
ImageShape image_shape(const Spec& spec);
/// A batch [n, input...] as [n, channels, height, width]. Throws UsageError with both shapes.
torch::Tensor as_images(const torch::Tensor& batch, const ImageShape& shape);

}  // namespace ordo::nets
