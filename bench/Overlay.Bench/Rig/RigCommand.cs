using System.Collections;
using Overlay.Bench.Rig.Machine;
using Overlay.Bench.Rig.Options;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Report;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig;

/// <summary>The overlay beside its peers: same namespaces, same traffic, one after the other.</summary>
internal static class RigCommand
{
    private const int UsageError = 2;
    private const int Interrupted = 130;

    public static int Run(string[] args)
    {
        // Ctrl-C takes the lab down and then returns here, so that the last word is the rig's.
        Interruption.ProgramEndsItself = true;
        try
        {
            return Measure(args);
        }
        catch (UsageException exception)
        {
            Console.Error.WriteLine($"rig: {exception.Message}");
            return UsageError;
        }
        catch (Exception) when (Interruption.Token.IsCancellationRequested)
        {
            // Whatever was under way failed because the lab was taken down under it.
            Console.Error.WriteLine("rig: interrupted");
            return Interrupted;
        }
        catch (Exception exception) when (exception is LabException or TimeoutException or IOException)
        {
            Console.Error.WriteLine($"rig: {exception.Message}");
            return 1;
        }
    }

    private static int Measure(string[] args)
    {
        Dictionary<string, string> environment = Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        RigOptions options = RigOptionsReader.Read(args, environment);
        if (!options.BesideLoad && LoadGuard.Complaint() is string complaint) throw new UsageException(complaint);

        using LabNetwork lab = LabNetwork.Create(new LabOptions
        {
            Name = "rig",
            Underlay = AddressFamilies.V4,
            Inner = AddressFamilies.V4,
            DirectCable = true,
        });
        IPeer[] peers = [.. options.Peers.Select(name => PeerCatalog.Create(name, environment))];
        foreach (string line in MachineFacts.Lines(lab)) Console.WriteLine(line);
        foreach (IPeer peer in peers) Console.WriteLine($"{$"peer {peer.Name}",-21} {peer.Describe(lab)}");
        Console.WriteLine($"""
            column {RigOptions.NoWire,-14} veth's default offloads: super-packets pass whole
            column {RigOptions.WireLike,-14} TSO, GSO and UDP segmentation off on the underlay, GRO on

            """);

        RigRun run = new(options, lab, peers);
        try
        {
            run.Measure();
        }
        finally
        {
            // Cut short, what there is so far is shown.
            if (run.Results.Series.Count > 0) Publish(options, run.Results);
        }

        if (run.Failures == 0) return 0;

        Console.Error.WriteLine($"rig: {run.Failures} measurements failed; see above");
        return 1;
    }

    private static void Publish(RigOptions options, ResultSet results)
    {
        Console.WriteLine($"\n{ResultTable.Write(results)}");
        if (options.JsonFile is string json) File.WriteAllText(json, ResultJson.Write(results));
        if (options.SvgFile is string svg) File.WriteAllText(svg, ResultChart.Write(results, Caption(options)));
    }

    private static string Caption(RigOptions options) =>
        $"{MachineFacts.Caption()}, {options.Runs} {(options.Runs == 1 ? "run" : "runs")}";
}
