using System.Text.Json;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Overlay.Bench.Micro;

/// <summary>
/// Bytes each benchmark may allocate per operation: <c>{"Type.Method": bytes, …}</c>, whatever its parameters are.
/// </summary>
internal sealed class AllocationGate
{
    private readonly Dictionary<string, long> _allowed;

    private AllocationGate(Dictionary<string, long> allowed) => _allowed = allowed;

    public static AllocationGate Load(string file) =>
        new(JsonSerializer.Deserialize<Dictionary<string, long>>(File.ReadAllBytes(file)) ?? []);

    /// <summary>
    /// One line for each benchmark that allocated too much, may allocate nobody knows what, or did not run.
    /// </summary>
    public IEnumerable<string> Check(Summary summary)
    {
        foreach (BenchmarkCase benchmark in summary.BenchmarksCases)
        {
            string name = $"{benchmark.Descriptor.Type.Name}.{benchmark.Descriptor.WorkloadMethod.Name}";
            string withParameters = benchmark.HasParameters
                ? $"{name}({benchmark.Parameters.DisplayInfo.Trim('[', ']')})"
                : name;
            BenchmarkReport? report = summary[benchmark];
            if (report is not { Success: true }
                || report.GcStats.GetBytesAllocatedPerOperation(benchmark) is not { } allocated)
                yield return $"{withParameters} could not be measured";
            else if (!_allowed.TryGetValue(name, out long allowed))
                yield return $"{withParameters} has no entry in expected-allocations.json; it allocates {allocated} "
                    + "bytes per operation";
            else if (allocated > allowed)
                yield return $"{withParameters} allocates {allocated} bytes per operation, {allowed} are allowed";
        }
    }
}
