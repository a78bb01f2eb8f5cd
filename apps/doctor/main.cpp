#include "ordo/cli/doctor.h"
#include "ordo/cli/program.h"

int main(int argc, char** argv) {
  ordo::cli::Program program("doctor", "Says what is installed here and what is missing.");
  program.example("ordo doctor");
  return program.run<ordo::cli::DoctorOptions>(
      argc, argv, [](ordo::cli::DoctorOptions options, ordo::Context& context) {
        options.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        return ordo::cli::diagnose(options, context);
      });
}
