using System.Text;
using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>
/// Prints what is wrong with this node, its host and the ways to its peers, each with the command that mends it.
/// </summary>
internal static class DoctorCommand
{
    private const string Good = "ok";
    private const string Warning = "warning";

    // Rules of every kind are listed, by programs of the host.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <param name="client">Asks the daemon.</param>
    /// <param name="format">Of the output; checks that found nothing are shown by <see cref="OutputFormat.Wide"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>0 where all is well, 4 with warnings alone, 1 with problems.</returns>
    /// <exception cref="CliException">No daemon answers.</exception>
    public static async Task<int> RunAsync(AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        List<Finding> findings = [.. await HostAsync(client, cancellation), .. await PeersAsync(client, cancellation)];
        if (format == OutputFormat.Json) Console.WriteLine(Format(findings));
        else FindingTable.Write(findings, format == OutputFormat.Wide);
        return findings.Any(static finding => finding.Severity == "problem") ? ExitCode.Failure
            : findings.Any(static finding => finding.Severity == Warning) ? ExitCode.Warnings
            : ExitCode.Success;
    }

    private static async Task<IReadOnlyList<Finding>> HostAsync(AdminClient client, CancellationToken cancellation)
    {
        try
        {
            using JsonDocument answer = await client.GetAsync("checks", _limit, cancellation);
            return
            [
                .. answer.RootElement.EnumerateArray().Select(static check => new Finding(
                    check.Text("check") ?? "", check.Text("severity") ?? Warning, check.Text("text") ?? "")),
            ];
        }
        catch (CliException exception) when (exception.ExitCode == ExitCode.NoDaemon)
        {
            throw new CliException(
                $"{exception.Message}; overlayd check looks at the host without a daemon", exception.ExitCode);
        }
    }

    // A peer's trouble is a warning here: this node's other packets flow.
    private static async Task<IReadOnlyList<Finding>> PeersAsync(AdminClient client, CancellationToken cancellation)
    {
        const string Check = "ways to peers";
        try
        {
            using JsonDocument report = await PingCommand.AskAsync(null, null, null, client, cancellation);
            IReadOnlyList<JsonElement> peers = report.RootElement.Items("peers");
            Finding[] found =
            [
                .. peers.SelectMany(static peer => peer.Texts("notes"))
                    .Select(static note => new Finding(Check, Warning, note)),
            ];
            if (found.Length > 0 || peers.Count == 0) return found;
            int nodes = peers.Select(static peer => peer.Text("node")).Distinct().Count();
            return [new(Check, Good, $"probes to {nodes} peers and back are not lost, at every size that the device takes")];
        }
        catch (CliException exception)
        {
            return [new(Check, Warning, $"cannot be looked at: {exception.Message}")];
        }
    }

    private static string Format(List<Finding> findings)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (Finding finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("check", finding.Check);
                json.WriteString("severity", finding.Severity);
                json.WriteString("text", finding.Text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
