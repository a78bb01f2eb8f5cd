// Streams of random numbers, and what a fresh network draws from them.
#include "ordo/tensor/random.h"

#include "python/native/bind.h"

namespace ordo::python {
namespace {

using tensor::Draw;

constexpr const char* kRandom =
    "A stream of random numbers (Philox 4x32-10), equal to ordo::Random of the same seed.\n\n"
    "Streams split without talking to each other: `split` depends on this stream's seed and path\n"
    "alone, not on what was drawn.";

constexpr const char* kBlend =
    "target <- keep * target + scale * draw, in place and in one pass.\n\n"
    "Element i depends on the stream and i alone: not on threads, layout or device. keep = 0\n"
    "overwrites whatever was there, NaN too. Any floating type, any shape. Autograd does not see "
    "it.";

}  // namespace

void bind_random(py::module_& module) {
  py::class_<Random>(module, "Random", kRandom)
      .def(py::init<std::uint64_t>(), py::arg("seed"))
      .def("split", py::overload_cast<std::uint64_t>(&Random::split, py::const_), py::arg("index"),
           "An independent stream, named by a number.")
      .def("split", py::overload_cast<std::string_view>(&Random::split, py::const_),
           py::arg("name"), "An independent stream, named by a text.")
      .def("next64", &Random::next64, "The stream's next 64 bits: a seed for other generators.");

  py::class_<Draw>(module, "Draw", "How a tensor's elements are drawn, independently.")
      .def_static("constant", &Draw::constant, py::arg("value"), "All equal.")
      .def_static("uniform", &Draw::uniform, py::arg("bound"), "Uniform inside (-bound, bound).")
      .def_static("normal", &Draw::normal, py::arg("deviation"), "N(0, deviation^2).");

  module.def(
      "blend",
      [](torch::Tensor target, double keep, double scale, const Draw& draw, const Random& stream) {
        const torch::NoGradGuard no_grad;
        tensor::blend(target, keep, scale, draw, stream);
        // Backward passes that saved it before must not take it for unchanged.
        if (!target.is_inference()) target.unsafeGetTensorImpl()->bump_version();
      },
      py::arg("target"), py::arg("keep"), py::arg("scale"), py::arg("draw"), py::arg("stream"),
      WithoutGil(), kBlend);
}

}  // namespace ordo::python
