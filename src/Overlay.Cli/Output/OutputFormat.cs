namespace Overlay.Cli.Output;

/// <summary>The form of a printed report.</summary>
internal enum OutputFormat
{
    /// <summary>For people: the columns that most questions need.</summary>
    Table,

    /// <summary>For people: all columns.</summary>
    Wide,

    /// <summary>For programs: the daemon's answer as it is.</summary>
    Json,
}
