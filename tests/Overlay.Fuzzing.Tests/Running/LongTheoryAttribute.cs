using Overlay.Testing;

namespace Overlay.Fuzzing.Tests;

/// <summary>A theory of the long form alone; in the short one it is skipped, with the way to run it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute()
    {
        if (!LongRun.Is) Skip = "takes a quarter of an hour: tests/run.sh --long Fuzzing";
    }
}
