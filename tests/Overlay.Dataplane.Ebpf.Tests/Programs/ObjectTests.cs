using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Packets;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed partial class ObjectTests
{
    private static readonly string _programs = Path.Combine(SourceTree.Root, "src/Overlay.Dataplane.Ebpf/Programs");
    private static readonly string[] _record = File.ReadAllLines(Path.Combine(_programs, "overlay.bpf.o.sha256"));

    [Fact]
    public void The_object_belongs_to_the_sources_beside_it()
    {
        string[] rows = [.. _record.Where(static line => !line.StartsWith('#'))];
        rows.Select(static row => row[66..]).ShouldBe(
            Directory.GetFiles(_programs).Select(static file => Path.GetFileName(file))
                .Where(static name => !name.EndsWith(".sha256", StringComparison.Ordinal)), ignoreOrder: true);
        foreach (string row in rows)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(_programs, row[66..]));
            string sum = Convert.ToHexStringLower(SHA256.HashData(bytes));
            sum.ShouldBe(row[..64], $"{row[66..]} has changed: run deploy/bpf.sh");
        }
    }

    [CompilerFact]
    public void The_compiler_makes_the_object_that_is_committed()
    {
        using TempDirectory directory = new();
        using Process script = Process.Start(
            Path.Combine(SourceTree.Root, "deploy/bpf.sh"), ["--check", directory.Path]);
        script.WaitForExit();
        script.ExitCode.ShouldBe(0);
        byte[] made = File.ReadAllBytes(Path.Combine(directory.Path, "overlay.bpf.o"));
        byte[] committed = File.ReadAllBytes(Path.Combine(_programs, "overlay.bpf.o"));
        made.SequenceEqual(committed).ShouldBeTrue("run deploy/bpf.sh");
    }

    [Fact]
    public void The_programs_have_the_daemons_numbers()
    {
        string tables = File.ReadAllText(Path.Combine(_programs, "tables.h"));
        Dictionary<string, uint> reasons = Reason().Matches(tables).ToDictionary(
            static match => match.Groups[1].Value.Replace("_", "", StringComparison.Ordinal),
            static match => uint.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture),
            StringComparer.OrdinalIgnoreCase);
        reasons.Count.ShouldBe(12);
        foreach ((string name, uint number) in reasons)
            ((uint)Enum.Parse<DropReason>(name, ignoreCase: true)).ShouldBe(number, name);
        Enum.GetValues<DropReason>().Length.ShouldBeLessThanOrEqualTo((int)CountRow.EgressDirect);
        Number(tables, "CONFIG_ABI").ShouldBe(ConfigEntry.CurrentAbi);
        Number(tables, "COUNT_EGRESS_DIRECT").ShouldBe((uint)CountRow.EgressDirect);
        Number(tables, "COUNT_EGRESS_DEVICE").ShouldBe((uint)CountRow.EgressDevice);
        Number(tables, "COUNT_EGRESS_FAILED").ShouldBe((uint)CountRow.EgressFailed);
        Number(tables, "COUNT_SHORTCUT").ShouldBe((uint)CountRow.Shortcut);
        Number(tables, "COUNT_BRIDGED").ShouldBe((uint)CountRow.Bridged);
        foreach (TierSwitches value in Enum.GetValues<TierSwitches>().Where(static value => value != TierSwitches.None))
            Number(tables, $"SWITCH_{value.ToString().ToUpperInvariant()}").ShouldBe((uint)value);
    }

    [Fact]
    public void Every_program_is_small_enough_for_every_kernel()
    {
        // BPF_MAXINSNS, the limit without CAP_BPF and before Linux 5.2.
        const int Most = 4096;
        BpfObject source = BpfObject.ReadEmbedded();
        source.License.ShouldBe("Dual MIT/GPL");
        source.Programs.Keys.ShouldContain("ov_egress");
        source.Programs.Keys.ShouldContain("ov_vx");
        foreach (ProgramImage program in source.Programs.Values) program.Count.ShouldBeLessThan(Most, program.Name);
    }

    private static uint Number(string text, string name) => uint.Parse(
        Regex.Match(text, $@"#define {name} (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"REASON_(\w+) = (\d+)")]
    private static partial Regex Reason();

    /// <summary>Skipped without the compiler that has made the object: another one makes another.</summary>
    private sealed class CompilerFactAttribute : FactAttribute
    {
        public CompilerFactAttribute()
        {
            string wanted = _record[0][2..];
            string? found = Compiler();
            if (found != wanted) Skip = $"the object was made by {wanted}; here is {found ?? "no clang"}";
        }

        private static string? Compiler()
        {
            try
            {
                using Process clang = Process.Start(
                    new ProcessStartInfo("clang", "--version") { RedirectStandardOutput = true })!;
                string? first = clang.StandardOutput.ReadLine();
                _ = clang.StandardOutput.ReadToEnd();
                clang.WaitForExit();
                return first;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return null;
            }
        }
    }
}
