#include "ordo/lm/default_model.h"

namespace ordo::lm {

models::Gguf default_model() {
  return models::parse_gguf(default_model_bytes(), "tiny-english (built in)");
}

}  // namespace ordo::lm
