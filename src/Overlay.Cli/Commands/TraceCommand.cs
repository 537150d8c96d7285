using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;
using Spectre.Console;

namespace Overlay.Cli.Commands;

/// <summary>Prints what this node would do with a packet, and with its answer, step by step.</summary>
internal static class TraceCommand
{
    /// <param name="source">Address that the packet comes from.</param>
    /// <param name="destination">Address that it goes to.</param>
    /// <param name="tcpPort">The TCP port that it goes to; null for a packet of another kind.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="format">Of the output.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>0 where both ways are good as far as this node is concerned.</returns>
    /// <exception cref="CliException">The daemon cannot be asked, or the addresses are none.</exception>
    public static async Task<int> RunAsync(
        string source, string destination, int? tcpPort, AdminClient client, OutputFormat format,
        CancellationToken cancellation)
    {
        string question = $"trace?source={Uri.EscapeDataString(source)}&destination={Uri.EscapeDataString(destination)}"
            + $"&tcp={(tcpPort is null ? "false" : "true")}";
        using JsonDocument answer = await client.GetAsync(question, cancellation);
        bool isGood = IsGood(answer.RootElement, "there") && IsGood(answer.RootElement, "back");
        if (format == OutputFormat.Json) Json.Write(answer.RootElement);
        else
        {
            string port = tcpPort is { } number ? $" TCP port {number}" : "";
            Write($"{source} -> {destination}{port}", answer.RootElement.Items("there"));
            Screen.Console.WriteLine();
            Write($"{destination} -> {source}{(tcpPort is null ? "" : " the answer")}", answer.RootElement.Items("back"));
        }

        return isGood ? ExitCode.Success : ExitCode.Failure;
    }

    private static bool IsGood(JsonElement answer, string way) =>
        answer.Items(way).All(static step => step.At("isGood")?.ValueKind == JsonValueKind.True);

    private static void Write(string title, IReadOnlyList<JsonElement> steps)
    {
        Screen.Console.Write(Screen.Cell(title, "bold"));
        Screen.Console.WriteLine();
        Table table = Screen.NewTable().HideHeaders();
        _ = table.AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        foreach (JsonElement step in steps)
        {
            bool isGood = step.At("isGood")?.ValueKind == JsonValueKind.True;
            _ = table.AddRow(
                Screen.Cell(isGood ? "+" : "!", isGood ? "green" : "red"), Screen.Cell(step.Text("step") ?? ""),
                Screen.Cell(step.Text("text") ?? ""));
        }

        Screen.Console.Write(table);
    }
}
